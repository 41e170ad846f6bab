"""The real bot and its feeds: a server's own one from add to remove, a public one that fails."""

import pytest

from bot.playground.driver import text_of
from tests.end_to_end.conftest import PATIENCE_S, Newsroom

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


async def test_who_gets_a_public_feed_hears_once_that_it_fails_and_once_that_it_works(
    newsroom: Newsroom,
) -> None:
    def heard(words: str) -> int:
        return sum(words in text_of(m) for m in newsroom.member.messages("general"))

    await newsroom.subscribe("newsroom")
    await newsroom.moderator.command("server alerts", channel="general")
    await newsroom.until_posted(await newsroom.publish())
    await newsroom.until_settled()
    newsroom.server.feed.down = True
    failing = "SELECT count(*) FROM feeds WHERE failing_since_at IS NOT NULL"
    await newsroom.member.until(lambda: newsroom.rows(failing) == [(1,)], PATIENCE_S)
    newsroom.child.kill()
    await newsroom.killed()
    newsroom.change("UPDATE feeds SET failing_since_at = failing_since_at - 90000")
    await newsroom.start()
    await newsroom.member.until(lambda: heard("fails for a day now"), PATIENCE_S)
    newsroom.server.feed.down = False
    await newsroom.member.until(lambda: heard("works again"), PATIENCE_S)
    assert (heard("fails for a day now"), heard("works again")) == (1, 1)
