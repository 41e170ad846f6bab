"""Many small newspapers on loopback: a feed each, whose articles carry their number and tags."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Self

from aiohttp import web

KEPT_ITEMS = 60
NUMBER = re.compile(r"Dispatch (\d+) ")


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One article, in one paper, for the channels that its tags name."""

    number: int
    tags: tuple[str, ...]
    at: datetime

    @property
    def title(self) -> str:
        """Return a title that no other article has, whole as a word."""
        return f"Dispatch {self.number} from the harbour"


@dataclass(slots=True)
class Press:
    """The papers and all that they have published."""

    papers: int
    tags: Sequence[str]
    chance: random.Random
    published: list[Dispatch] = field(default_factory=list)
    address: str = ""
    _papers: dict[int, list[Dispatch]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    def urls(self) -> list[str]:
        """Return the addresses of the feeds."""
        return [f"{self.address}/paper/{paper}.xml" for paper in range(self.papers)]

    def publish(self, most_tags: int = 3) -> Dispatch:
        """Let one paper, chosen by chance, gain an article of one tag or a few."""
        tags = self.chance.sample(list(self.tags), self.chance.randint(1, most_tags))
        new = Dispatch(len(self.published), tuple(sorted(tags)), datetime.now(UTC))
        self.published.append(new)
        items = self._papers.setdefault(self.chance.randrange(self.papers), [])
        items.insert(0, new)
        del items[KEPT_ITEMS:]
        return new

    def numbers_for(self, tag: str) -> list[int]:
        """Return the numbers of what a channel with this tag is to get."""
        return [one.number for one in self.published if tag in one.tags]

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get(r"/paper/{paper:\d+}.xml", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        paper = int(request.match_info["paper"])
        body = self._document(paper).encode()
        headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:20]}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        kind = {"Content-Type": "application/rss+xml; charset=utf-8"}
        return web.Response(body=body, headers=headers | kind)

    def _document(self, paper: int) -> str:
        items = "".join(self._item(one) for one in self._papers.get(paper, ()))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
            f"<title>Paper {paper}</title><link>{self.address}/</link>"
            f"<description>A paper</description>{items}</channel></rss>\n"
        )

    def _item(self, one: Dispatch) -> str:
        tags = "".join(f"<category>{tag}</category>" for tag in one.tags)
        return (
            f"<item><title>{one.title}</title><link>{self.address}/item/{one.number}</link>"
            f'<guid isPermaLink="false">dispatch-{one.number}</guid>'
            f"<pubDate>{format_datetime(one.at, usegmt=True)}</pubDate>{tags}"
            f"<description>Boats came in, number {one.number}.</description></item>\n"
        )


def number_in(text: str) -> int | None:
    """Return the number of the article that a message shows."""
    found = NUMBER.search(text)
    return int(found[1]) if found else None
