"""Serves feeds on loopback from a process of its own: ones that are still, ones full of articles.

Every address of 127.0.0.0/8 reaches it, so that each feed can be on a host of its own. It ends
when its standard input does.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from benchmarks.newspaper import Post, Writer

ETAG = '"as-it-was"'
ITEMS = 100
_STOCK = 300
_STILL = f"HTTP/1.1 304 Not Modified\r\nETag: {ETAG}\r\nConnection: close\r\n\r\n".encode()


def address(number: int, port: int, path: str) -> str:
    """Return the address of a feed on its own host; `path` is still or full."""
    return f"http://127.{1 + number // 65_536}.{number // 256 % 256}.{number % 256}:{port}/{path}"


@contextmanager
def served() -> Iterator[int]:
    """Serve in a process of its own and give the port; end it at the end."""
    command = [sys.executable, "-m", "benchmarks.feed_host"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


class _Paper:
    """Feeds of the newest articles: each time a host is asked, one is new."""

    def __init__(self) -> None:
        self._stock = [_item(post) for post in Writer().posts(_STOCK)]
        self._asked: dict[str, int] = {}

    def answer(self, host: str) -> bytes:
        """Return the whole answer for a host: 100 articles, the newest first."""
        turn = self._asked[host] = self._asked.get(host, 0) + 1
        numbers = range(turn + ITEMS, turn, -1)
        items = "".join(
            self._stock[n % _STOCK].replace("{link}", f"http://{host}/{n}") for n in numbers
        )
        head = "<?xml version='1.0'?><rss version='2.0'><channel><title>Wire</title>"
        body = f"{head}<link>http://{host}/</link>{items}</channel></rss>".encode()
        fields = f"Content-Type: application/rss+xml\r\nContent-Length: {len(body)}"
        return f"HTTP/1.1 200 OK\r\n{fields}\r\nConnection: close\r\n\r\n".encode() + body


def _item(post: Post) -> str:
    tags = "".join(f"<category>{escape(tag)}</category>" for tag in post.tags)
    return (
        f"<item><title>{escape(post.title)}</title><link>{{link}}</link><guid>{{link}}</guid>{tags}"
        f"<description><![CDATA[{post.html}]]></description></item>"
    )


class _Connection(asyncio.Protocol):
    """One request, one answer, and the end of the connection."""

    def __init__(self, paper: _Paper) -> None:
        self._paper = paper
        self._asked = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        if b"\r\n\r\n" not in self._asked:
            return
        if self._asked.startswith(b"GET /full"):
            host = self._transport.get_extra_info("sockname")[0]
            self._transport.write(self._paper.answer(host))
        else:
            self._transport.write(_STILL)
        self._transport.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    paper = _Paper()
    server = await loop.create_server(lambda: _Connection(paper), "0.0.0.0", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
