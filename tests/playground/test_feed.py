"""The sample feed: grows, answers conditionally, goes round its pool, can be down."""

from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import feedparser

from bot.playground.feed import Item, sample_pool
from bot.playground.server import Server


async def fetch(server: Server, **headers: str) -> tuple[int, bytes, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.feed.url, headers=headers) as answer,
    ):
        return answer.status, await answer.read(), answer.headers


async def test_an_item_carries_title_authors_source_tags_and_text(server: Server) -> None:
    server.feed.publish()
    _, body, headers = await fetch(server)
    assert headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    parsed = feedparser.parse(body)
    assert not parsed.bozo
    entry = parsed.entries[0]
    assert entry.title == "Item one"
    assert [t.term for t in entry.tags] == ["UN", "Tides"]
    assert entry.author == "Ada Reed"
    text = entry.content[0].value
    assert "Ada Reed wrote . . . . ." in text
    assert "Source : Loop Wire" in text
    assert parsedate_to_datetime(entry.published) <= server.clock.now()
    async with aiohttp.ClientSession() as session, session.get(entry.link) as page:
        assert "First." in await page.text()


async def test_what_is_unchanged_is_answered_304_until_the_next_item(server: Server) -> None:
    server.feed.publish()
    _, _, headers = await fetch(server)
    for given in (
        {"If-None-Match": headers["ETag"]},
        {"If-Modified-Since": headers["Last-Modified"]},
    ):
        status, body, _ = await fetch(server, **given)
        assert (status, body) == (304, b"")
    server.feed.publish()
    status, _, newer = await fetch(server, **{"If-None-Match": headers["ETag"]})
    assert (status, newer["ETag"] != headers["ETag"]) == (200, True)


async def test_the_pool_is_gone_round_with_numbers(server: Server) -> None:
    titles = [server.feed.publish().title for _ in range(7)]
    assert titles == [
        *("Item one", "Item two", "Item three"),
        *("Item one (2)", "Item two (2)", "Item three (2)"),
        "Item one (3)",
    ]
    _, body, _ = await fetch(server)
    entries = feedparser.parse(body).entries
    assert [e.title for e in entries] == titles[::-1]
    assert len({e.id for e in entries}) == 7


async def test_a_feed_that_is_down_answers_503(server: Server) -> None:
    server.feed.down = True
    status, _, headers = await fetch(server)
    assert (status, headers["Retry-After"]) == (503, "5")


async def test_text_is_escaped() -> None:
    bad = Item("<b> & ]]>", ('"A"',), "<i>", ("a&b",), ("<script>x</script>",))
    async with Server(pool=(bad,)) as server:
        server.feed.publish()
        parsed = feedparser.parse(server.feed.document())
        assert not parsed.bozo
        assert parsed.entries[0].title == "<b> & ]]>"


def test_the_sample_has_items() -> None:
    pool = sample_pool()
    assert len(pool) >= 10
    assert all(item.title and item.paragraphs for item in pool)
