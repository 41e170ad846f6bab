"""What the courier posts can be read and opened, by anyone, for years."""

from typing import Any

from bot.chat import render
from bot.model import Entry, Fate, Keyed, Outcome, Parcel, Reading, TargetKind, Term
from bot.playground.driver import labels_of, text_of
from tests.cogs.conftest import NOW, Stage, paragraph


async def parcel(stage: Stage, count: int) -> Parcel:
    """Subscribe #newsroom, let so many articles arrive and claim the post they make."""
    channel_id = int(stage.server.world.channel_named("newsroom").id)
    await stage.store.subscriptions.add(
        TargetKind.TEXT, stage.guild_id, channel_id, "tag:Harbour", 1, NOW
    )
    feed = await stage.store.feeds.add("https://harbour.example/feed", "Harbour", 0, NOW)
    entries = [
        Entry(
            title=f"Ship {n} docks",
            guid=f"s{n}",
            tags=(Term("Harbour"),),
            blocks=(paragraph(f"Crew {n}."),),
        )
        for n in range(count)
    ]
    for made in ([], entries):
        keyed = [Keyed(e, (f"h:{e.guid}",), str(e.guid).encode()) for e in made]
        reading = Reading("RSS 2.0", tuple(made), len(made))
        await stage.store.intake.record(feed.id, reading, keyed, now=NOW, scope_id=0, announce=True)
    await stage.store.outbox.form(NOW)
    # One post an article; the last of them says how many the cap left out.
    while True:
        (claimed,) = await stage.store.outbox.claim(NOW, set(), 1)
        if count == 1 or claimed.overflow:
            return claimed
        outcome = Outcome(Fate.SENT, message_id=claimed.post_id)
        await stage.store.outbox.sent(claimed.post_id, outcome, NOW)


async def post(stage: Stage, sent: Parcel) -> dict[str, Any]:
    assert stage.client
    channel = stage.client.get_partial_messageable(sent.target.channel_id)
    await channel.send(view=render.card(sent))
    return stage.person(channel="newsroom").messages()[-1]


async def test_a_card_opens_its_article_after_a_restart(stage: Stage) -> None:
    shown = await post(stage, await parcel(stage, 1))
    await stage.stop()
    await stage.start()
    mina = stage.person(channel="newsroom")
    assert labels_of(shown) == ["Read"]
    opened = await mina.press(shown, "Read")
    assert opened.is_ephemeral and "Crew 0." in opened.text


async def test_what_a_post_left_out_is_opened_by_its_button(stage: Stage) -> None:
    sent = await parcel(stage, 40)
    assert sent.overflow > 0
    shown = await post(stage, sent)
    assert f"and {sent.overflow} more" in text_of(shown)
    mina = stage.person(channel="newsroom")
    opened = await mina.press(shown, f"Show {sent.overflow} more")
    assert opened.is_ephemeral and "Search: tag:Harbour" in opened.text
    assert "40 articles" in opened.text
