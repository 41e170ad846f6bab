"""The real bot takes up a server's own feed: looked at, kept after a yes, watched, removed."""

import pytest

from tests.end_to_end.conftest import Newsroom

pytestmark = pytest.mark.timeout(60)


async def test_a_moderator_brings_a_feed_in_watches_and_removes_it(newsroom: Newsroom) -> None:
    feed, ravi = newsroom.server.feed, newsroom.moderator
    copied = feed.copy().title
    asked = await ravi.command("feed add", url=feed.wire_url)
    assert asked.is_ephemeral and "RSS 2.0 at 127.0.0.1, 1 article" in asked.text, asked.text
    assert copied in asked.text
    assert newsroom.rows("SELECT count(*) FROM feeds WHERE scope_id <> 0") == [(0,)]
    done = await ravi.press(asked.message or {}, "Confirm")
    assert "Added" in done.text and "1 article" in done.text
    ((title,),) = newsroom.rows("SELECT title FROM feeds WHERE scope_id <> 0")
    status = await ravi.command("feed status", feed=title)
    assert "last read <t:" in status.text and "next poll <t:" in status.text
    assert feed.wire_url not in str(status.message)
    early = await ravi.command("feed refresh", feed=title)
    assert "was asked just now" in early.text, "it is polled twice a second here"
    gone = await ravi.command("feed remove", feed=title)
    assert "Removed" in (await ravi.press(gone.message or {}, "Confirm")).text
    assert newsroom.rows("SELECT stopped FROM feeds WHERE scope_id <> 0") == [
        ("store.feed_removed",)
    ]
    newsroom.check()
