"""Wire copies are one story across feeds; what only looks alike stays apart."""

from __future__ import annotations

from bot.model import PUBLIC_SCOPE, Article
from tests.conftest import NOW, Newsroom, make_entry


async def articles(newsroom: Newsroom) -> dict[str, Article]:
    return {f"{a.feed}|{a.title}": a async for a in newsroom.store.articles.each(PUBLIC_SCOPE)}


async def test_smoke(newsroom: Newsroom) -> None:
    title = "Lantern fleet returns to Port Veld after storm"
    await newsroom.publish(make_entry(title, url="https://a.example/1", published_at=NOW), feed="A")
    await newsroom.publish(make_entry(title, url="https://b.example/1", published_at=NOW), feed="B")
    found = await articles(newsroom)
    assert [copy.name for copy in found[f"A|{title}"].also] == ["B"]
