"""Takes in what a visitor brings: an address or a dropped file, through the bot's own verb."""

import asyncio
import re
import tempfile
from pathlib import Path, PurePath
from typing import Any

from bot.playground.hub import Hub
from bot.playground.people import NotPossible
from bot.playground.trouble import Bench

Json = dict[str, Any]
MOST_BYTES = 16 * 1024 * 1024
MOST_ADDRESS = 2000
WITHIN_S = 120.0
SHOWN_LINES = 6
_UNSAFE = re.compile(r"[^\w.-]+")


class Imports:
    """Runs `tagwire import`, one at a time, and says what it said."""

    def __init__(self, hub: Hub, bench: Bench) -> None:
        self._hub = hub
        self._bench = bench
        self._one = asyncio.Lock()

    async def address(self, text: str) -> Json:
        """Import what stands at an address. Raises NotPossible with a sentence."""
        address = text.strip()
        if not re.match(r"https?://[^\s/]", address) or len(address) > MOST_ADDRESS:
            raise NotPossible("Write a whole address, such as https://example.org/feed.")
        return await self._run(address, address)

    async def file(self, name: str, content: bytes) -> Json:
        """Import a file's content. Raises NotPossible with a sentence."""
        if not content:
            raise NotPossible("This file is empty.")
        if len(content) > MOST_BYTES:
            raise NotPossible(f"Files of up to {MOST_BYTES >> 20} MB can be imported here.")
        # The verb tells kinds apart by content and ending; of the name no more is kept.
        safe = _UNSAFE.sub("-", PurePath(name).name).lstrip(".-")[-80:] or "file"
        with tempfile.TemporaryDirectory(prefix="tagwire-import-") as folder:
            path = Path(folder) / safe
            await asyncio.to_thread(path.write_bytes, content)
            return await self._run(str(path), safe)

    async def _run(self, what: str, shown: str) -> Json:
        if self._bench.bot is None:
            raise NotPossible("The bot was not started by this playground.")
        if self._one.locked():
            raise NotPossible("An import is running. Wait for its end and try again.")
        async with self._one:
            try:
                async with asyncio.timeout(WITHIN_S):
                    code, printed = await self._bench.bot.run_once("import", what)
            except TimeoutError:
                raise NotPossible(f"The import took longer than {WITHIN_S:.0f} s.") from None
        lines = [line.replace(what, shown) for line in printed.strip().splitlines() if line]
        self._hub.note("import", f"import {shown}", "\n".join(lines))
        if code != 0:
            raise NotPossible("\n".join(lines[:SHOWN_LINES]) or "Nothing could be imported.")
        return {"says": lines[0] if lines else "", "problems": lines[1:SHOWN_LINES]}
