"""The bot as a process of its own, started and killed on demand, with what it says kept."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

KEPT_LINES = 400
PIECE_BYTES = 65_536
STOP_S = 12.0


class Child:
    """Runs `python -m bot VERB` under a given environment, in a folder where no .env lies."""

    def __init__(self, environment: Mapping[str, str], *, folder: Path, echo: bool = False) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self.environment = {**os.environ, "PYTHONPATH": path, **environment}
        self.folder = folder
        self.echo = echo
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.process: asyncio.subprocess.Process | None = None
        # Told what the bot writes of its queries, statements and calls, a line at a time.
        self.on_trace: Callable[[dict[str, Any]], object] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._follower: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the bot's process lives."""
        return self.process is not None and self.process.returncode is None

    async def start(self, *arguments: str) -> None:
        """Start the bot (`run` unless another verb is given); nothing when it already runs."""
        if self.is_running:
            return
        if self.on_trace is None:
            self.process = await self._spawn(arguments or ("run",))
        else:
            reads, writes = os.pipe()
            try:
                self.process = await self._spawn(arguments or ("run",), writes)
            finally:
                os.close(writes)
            self._follower = asyncio.create_task(self._follow(reads, self.on_trace))
        self._reader = asyncio.create_task(self._read(self.process))

    async def run_once(self, *arguments: str) -> tuple[int, str]:
        """Run a verb to its end and return its exit code and what it printed."""
        process = await self._spawn(arguments)
        try:
            printed, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode or 0, printed.decode(errors="replace")

    def kill(self) -> None:
        """End the process at once with SIGKILL; it gets no chance to tidy up."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)

    async def wait(self) -> int | None:
        """Return the process's exit code once it has ended."""
        if self.process is None:
            return None
        code = await self.process.wait()
        if self._reader is not None:
            await self._reader
        if self._follower is not None:
            await self._follower
        return code

    async def stop(self) -> int | None:
        """Ask the process to end, kill it when it takes longer than twelve seconds."""
        if self.process is None:
            return None
        if self.process.returncode is None:
            self.process.terminate()
        try:
            return await asyncio.wait_for(self.wait(), STOP_S)
        except TimeoutError:
            self.kill()
            return await self.wait()

    async def _follow(self, pipe: int, tell: Callable[[dict[str, Any]], object]) -> None:
        lines = asyncio.StreamReader(limit=PIECE_BYTES)
        protocol = asyncio.StreamReaderProtocol(lines)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
        with contextlib.closing(transport):
            async for line in lines:
                # The last line of a bot that is killed may be half a line.
                with contextlib.suppress(ValueError):
                    tell(json.loads(line))

    async def _spawn(
        self, arguments: Sequence[str], trace: int | None = None
    ) -> asyncio.subprocess.Process:
        environment = {**self.environment, "TAGWIRE_PARENT": str(os.getpid())}
        if trace is not None:
            environment = {**environment, "TAGWIRE_TRACE_FD": str(trace)}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            env=environment,
            pass_fds=() if trace is None else (trace,),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # A Ctrl-C of the terminal reaches the parent alone, which then ends the bot in order.
            start_new_session=True,
        )

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        # Read in pieces: a line longer than the stream's limit must not stop the reading.
        rest = b""
        while piece := await process.stdout.read(PIECE_BYTES):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                self._keep(line)
        if rest:
            self._keep(rest)

    def _keep(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        self.lines.append(text)
        if self.echo:
            print(text, file=sys.stderr, flush=True)
