"""Follows, direct messages, privacy and coverage, driven as a person would."""

import asyncio
from dataclasses import replace

import pytest

from bot.chat.outcomes import Wire
from bot.chat.post import DiscordPoster
from bot.ingest.identity import link_key
from bot.model import Entry, Fate, Keyed, Outcome, Parcel, Reading, TargetKind, Term
from bot.playground.driver import Driver, labels_of, text_of
from bot.playground.faults import Status
from tests.cogs.conftest import NOW, Stage, paragraph


async def arrives(stage: Stage, *titles: str, scope_id: int = 0) -> None:
    feed = await stage.store.feeds.add("https://harbour.example/feed", "Harbour", scope_id, NOW)
    made = [
        Entry(title=title, guid=title, tags=(Term("Harbour"),), blocks=(paragraph("Crew."),))
        for title in titles
    ]
    for batch in ([], made):
        keyed = [Keyed(e, (f"h:{e.guid}",), str(e.guid).encode()) for e in batch]
        reading = Reading("RSS 2.0", tuple(batch), len(batch))
        await stage.store.intake.record(
            feed.id, reading, keyed, now=NOW, scope_id=scope_id, announce=True
        )


async def noted(stage: Stage, person: Driver, name: str) -> None:
    """Wait until a name is noted, which is after the answer: that is not to wait for it."""
    while name not in (await stage.store.members.kept(int(person.user_id))).names:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def sent(stage: Stage) -> tuple[Parcel, Outcome]:
    """Let the courier's steps run once for the one post that is due."""
    assert stage.client
    await stage.store.outbox.form(stage.now)
    (parcel,) = await stage.store.outbox.claim(stage.now, set(), 1)
    return parcel, await DiscordPoster(stage.client, Wire()).post(parcel)


def inbox(stage: Stage, parcel: Parcel) -> Driver:
    return stage.person().go(str(parcel.target.channel_id))


async def test_a_follow_sends_matches_by_direct_message_with_a_way_out(stage: Stage) -> None:
    mina = stage.person()
    followed = await mina.command("follow query", query="tag:Harbour")
    assert followed.is_ephemeral and "tag:Harbour" in followed.text
    await arrives(stage, "Ship docks")
    parcel, outcome = await sent(stage)
    assert parcel.target.kind is TargetKind.DIRECT and outcome.fate is Fate.SENT
    private = inbox(stage, parcel)
    (message,) = private.messages()
    assert "Ship docks" in text_of(message) and "Stop following" in labels_of(message)
    read = await private.press(message, "Read")
    assert "Crew." in read.text
    stopped = await private.press(message, "Stop following")
    assert "do not follow **tag:Harbour** any more" in stopped.text
    assert "follow nothing" in (await mina.command("follow list")).text
    again = await private.press(message, "Stop following")
    assert "do not follow this any more" in again.text


async def test_a_daily_follow_waits_for_its_digest(stage: Stage) -> None:
    await stage.person().command("follow query", query="tag:Harbour", when="daily")
    await arrives(stage, "Ship docks", "Ship leaves")
    await stage.store.outbox.form(NOW)
    assert await stage.store.outbox.claim(NOW, set(), 5) == ()
    assert "Every day" in (await stage.person().command("follow list")).text


async def test_follows_are_the_members_own_and_strict(stage: Stage) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    await mina.command("follow query", query="tag:Harbour")
    assert "follow nothing" in (await ravi.command("follow list")).text
    same = await mina.command("follow query", query="tag:Harbour")
    assert same.is_ephemeral and "You follow **tag:Harbour** already" in same.text
    wrong = await mina.command("follow query", query="tga:UN")
    assert wrong.is_ephemeral and "Done" not in wrong.text
    (offered,) = await mina.autocomplete("follow stop", "query", "harb")
    gone = await mina.command("follow stop", query=offered["value"])
    assert "any more" in gone.text
    assert "do not follow" in (await mina.command("follow stop", query="tag:X")).text


async def test_following_again_changes_when_it_is_sent_and_what_waits_with_it(
    stage: Stage,
) -> None:
    mina = stage.person()
    await mina.command("follow query", query="tag:Harbour", when="daily")
    await arrives(stage, "Ship docks")
    await stage.store.outbox.form(NOW)
    assert await stage.store.outbox.claim(NOW, set(), 5) == ()
    changed = await mina.command("follow query", query="tag:Harbour", when="once")
    assert "Done. I send you new articles" in changed.text
    assert "Every day" not in (await mina.command("follow list")).text
    parcel, outcome = await sent(stage)
    assert outcome.fate is Fate.SENT and [a.title for a in parcel.articles] == ["Ship docks"]


async def test_a_follow_never_carries_a_servers_own_feed(stage: Stage) -> None:
    await stage.person().command("follow query", query="tag:Harbour")
    await arrives(stage, "Ship docks", scope_id=stage.guild_id)
    await stage.store.outbox.form(NOW)
    assert await stage.store.outbox.claim(NOW, set(), 5) == ()


async def test_closed_direct_messages_pause_the_follow_until_it_is_tried_again(
    stage: Stage,
) -> None:
    mina = stage.person()
    await mina.command("follow query", query="tag:Harbour")
    await arrives(stage, "Ship docks")
    closed = Status(403, body='{"message": "Cannot send messages to this user", "code": 50007}')
    stage.server.faults.add("POST /channels/*/messages", closed)
    parcel, outcome = await sent(stage)
    assert outcome.fate is Fate.ACCESS_LOST
    await stage.store.outbox.pause_target(parcel.target.id, outcome, NOW)
    listed = await mina.command("follow list")
    assert listed.message and "cannot send you direct messages" in listed.text
    tried = await mina.press(listed.message, "Try again")
    assert "cannot send you direct messages" not in tried.text
    _, outcome = await sent(stage)
    assert outcome.fate is Fate.SENT


async def closed(stage: Stage) -> None:
    """Let the next direct message be refused, as one who has closed them."""
    await arrives(stage, "Ship docks")
    refusal = Status(403, body='{"message": "Cannot send messages to this user", "code": 50007}')
    stage.server.faults.add("POST /channels/*/messages", refusal)
    parcel, outcome = await sent(stage)
    await stage.store.outbox.pause_target(parcel.target.id, outcome, NOW)


def notices(mina: Driver) -> int:
    return sum("What you follow waits" in text_of(message) for message in mina.messages())


async def test_closed_direct_messages_are_told_once_after_the_next_command(stage: Stage) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    await mina.command("follow query", query="tag:Harbour")
    await closed(stage)
    await stage.stop()
    await stage.start()
    await ravi.command("stats")
    told = await mina.command("stats")
    assert "15 articles" in told.text or "16 articles" in told.text
    await mina.until(lambda: notices(mina) == 1)
    assert notices(ravi) == 0
    results = await mina.command("tag", name="UN")
    assert results.message
    await mina.press(results.message, "Next")
    await mina.command("help")
    assert notices(mina) == 1
    (notice,) = [m for m in mina.messages() if "What you follow waits" in text_of(m)]
    assert notice["flags"] & 64
    tried = await mina.press(notice, "Try again")
    assert "tag:Harbour" in tried.text
    _, outcome = await sent(stage)
    assert outcome.fate is Fate.SENT


async def test_closed_direct_messages_are_told_after_a_button_and_again_when_closed_again(
    stage: Stage,
) -> None:
    mina = stage.person()
    await mina.command("follow query", query="tag:Harbour")
    results = await mina.command("tag", name="UN")
    assert results.message
    await closed(stage)
    await mina.press(results.message, "Next")
    await mina.until(lambda: notices(mina) == 1)
    await mina.command("follow query", query="tag:Climate")
    (follow, _) = await stage.store.subscriptions.follows(int(mina.user_id))
    refused = Outcome(Fate.ACCESS_LOST, reason="delivery.no_access")
    await stage.store.outbox.pause_target(follow.target.id, refused, NOW)
    await mina.press(results.message, "Next")
    await mina.until(lambda: notices(mina) == 2)


async def test_the_list_of_follows_tells_it_in_the_place_of_the_notice(stage: Stage) -> None:
    mina = stage.person()
    await mina.command("follow query", query="tag:Harbour")
    await closed(stage)
    assert "cannot send you direct messages" in (await mina.command("follow list")).text
    user_id = int(mina.user_id)
    assert not await stage.store.members.claim_closed(user_id, NOW)
    assert notices(mina) == 0


async def test_a_follow_is_answered_in_the_members_language(stage: Stage) -> None:
    mina = stage.person()
    users = stage.server.world.users
    users[mina.user_id] = replace(users[mina.user_id], locale="fr")
    await mina.command("follow query", query="tag:Harbour")
    await arrives(stage, "Ship docks")
    await stage.stop()
    await stage.start()
    parcel, _ = await sent(stage)
    (message,) = inbox(stage, parcel).messages()
    assert {"Lire", "Ne plus suivre"} <= set(labels_of(message))
    users[mina.user_id] = replace(users[mina.user_id], locale="ja")
    await mina.command("follow query", query="tag:Climate")
    follows = await stage.store.subscriptions.follows(int(mina.user_id))
    assert {one.target.language for one in follows} == {"ja"}


async def test_privacy_shows_and_erases_all_that_is_kept_of_a_member(stage: Stage) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    for person in (mina, ravi):
        (title,) = await person.autocomplete("save", "title", "glac")
        await person.command("save", title=title["value"])
        await person.command("follow query", query="tag:Harbour")
    await mina.command("tag", name="UN")
    await noted(stage, mina, "UN")
    await arrives(stage, "Ship docks")
    await stage.store.outbox.form(NOW)
    told = await mina.command("privacy show")
    assert told.is_ephemeral and "1 article on your reading list" in told.text
    assert "1 query you follow" in told.text and "1 answer whose" in told.text
    assert "1 name you asked for, suggested to you first: UN" in told.text
    asked = await mina.command("privacy erase")
    assert asked.message
    done = await mina.press(asked.message, "Confirm")
    assert "Erased" in done.text
    after = await stage.store.members.kept(int(mina.user_id))
    assert (after.saves, after.follows, after.views, after.names) == (0, 0, 0, ())
    kept = await stage.store.members.kept(int(ravi.user_id))
    assert (kept.saves, kept.follows) == (1, 1)
    (parcel,) = await stage.store.outbox.claim(NOW, set(), 5)
    assert parcel.target.user_id == int(ravi.user_id)
    assert await stage.store.check() == ()


async def test_names_a_member_asked_for_are_offered_first(stage: Stage) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    assert (await mina.autocomplete("tag", "name", ""))[0]["name"].startswith("UN ")
    (chosen,) = await mina.autocomplete("search", "tag", "clim")
    await mina.command("search", query="glacier", tag=chosen["value"])
    assert (await mina.autocomplete("tag", "name", ""))[0]["name"].startswith("Climate ")
    assert (await ravi.autocomplete("tag", "name", ""))[0]["name"].startswith("UN ")
    await mina.command("source", name="Harbour Post")
    await noted(stage, mina, "Harbour Post")
    assert (await mina.autocomplete("search", "source", ""))[0]["name"].startswith("Harbour Post ")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Did you see https://www.news.example/lakes?utm_source=x today?", "Sensors watch"),
        ("They measure glacier lakes with sensors", "Glacier lakes under watch"),
    ],
)
async def test_find_coverage_takes_a_link_else_the_words(
    stage: Stage, said: str, expected: str
) -> None:
    url = "https://www.news.example/lakes"
    entry = Entry("Sensors watch", url=url, guid="l", blocks=(paragraph("Up high."),))
    keyed = [Keyed(entry, (link_key(url),), b"l")]
    reading = Reading("RSS 2.0", (entry,), 1)
    await stage.store.intake.record(1, reading, keyed, now=NOW, scope_id=0, announce=False)
    mina = stage.person()
    message = stage.person("ravi").say(said)
    found = await mina.command("Find coverage", _target=message["id"])
    assert found.error is None and found.is_ephemeral
    assert expected in found.text


async def test_find_coverage_of_nothing_says_so(stage: Stage) -> None:
    message = stage.person("ravi").say("🚀 … <@1>")
    found = await stage.person().command("Find coverage", _target=message["id"])
    assert "no words to look for" in found.text
