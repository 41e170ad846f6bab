"""A backup taken at work and put back later: what stands in the channels is not sent again."""

import pytest

from bot.playground.driver import text_of
from bot.playground.faults import Silence
from tests.end_to_end.conftest import PATIENCE_S, Newsroom

pytestmark = pytest.mark.timeout(90)

CHANNELS = ("newsroom", "announcements", "stories", "story ideas")


async def everywhere(room: Newsroom, title: str) -> None:
    for channel in CHANNELS:
        await room.until_posted(title, channel)
    await room.until_settled()


async def backed_up_while_sending(room: Newsroom, file: str) -> str:
    """Back up with a message that stands and that the bot has no answer for; then kill the bot."""
    newsroom = room.server.world.channel_named("newsroom").id
    unanswered = room.server.faults.add(
        f"POST /channels/{newsroom}/messages", Silence(after=True), times=None
    )
    title = await room.publish()
    for channel in CHANNELS:
        await room.until_posted(title, channel)
    code, printed = await room.child.run_once("backup", file)
    assert code == 0, printed
    assert room.rows("SELECT state FROM posts WHERE state <> 'sent'") == [("sending",)]
    room.child.kill()
    await room.killed()
    room.server.faults.remove(unanswered)
    return title


def unread_feeds(room: Newsroom) -> int:
    return int(room.rows("SELECT count(*) FROM feeds WHERE url IS NOT NULL AND NOT primed")[0][0])


@pytest.mark.fault("F34")
async def test_a_backup_put_back_later_sends_nothing_again_and_all_that_is_new_once(
    newsroom: Newsroom,
) -> None:
    for channel in CHANNELS:
        await newsroom.subscribe(channel)
    before = await newsroom.publish()
    await everywhere(newsroom, before)
    file = str(newsroom.folder / "kept.db")
    during = await backed_up_while_sending(newsroom, file)
    await newsroom.start()
    since = [await newsroom.publish() for _ in range(2)]
    await everywhere(newsroom, since[-1])
    await newsroom.child.stop()
    code, printed = await newsroom.child.run_once("restore", file, "--yes")
    assert code == 0, printed
    assert newsroom.rows("SELECT count(*) FROM articles WHERE title = 'Harbour bulletin four'") == [
        (0,)
    ]
    # As after a long while: no nonce protects what was sent then.
    newsroom.server.hub.nonces.clear()
    newsroom.change("UPDATE posts SET started_at = started_at - 1800000")
    await newsroom.start()
    # What a feed's first reading after a restore finds is announced to nobody (decision 0009).
    await newsroom.member.until(lambda: not unread_feeds(newsroom), PATIENCE_S)
    after = await newsroom.publish()
    await everywhere(newsroom, after)
    for title in (before, during, *since, after):
        assert [len(newsroom.posted(title, channel)) for channel in CHANNELS] == [1, 1, 1, 1], title
    # What came since the backup is in the archive again, and was announced by nobody twice.
    shown = await newsroom.member.command("search", query=f'"{since[0]}"')
    assert since[0] in text_of(shown.message or {})
    newsroom.check()
