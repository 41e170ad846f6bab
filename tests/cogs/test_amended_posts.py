"""Messages in a channel follow what becomes of their articles, through the loopback Discord."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app import WIRE
from bot.chat.amend import DiscordAmender
from bot.chat.post import DiscordPoster
from bot.delivery import Courier
from bot.metrics import Metrics
from bot.model import Entry, Keyed, Reading, TargetKind, Term
from bot.playground.driver import text_of
from bot.playground.faults import Refuse, Status
from bot.upkeep import Upkeep
from tests.cogs.conftest import NOW, Stage, paragraph, scope_of


class Desk:
    """A subscribed #newsroom, a feed that writes to it, the courier and the upkeep by hand."""

    def __init__(self, stage: Stage) -> None:
        assert stage.client
        self.stage, self.store = stage, stage.store
        poster = DiscordPoster(stage.client, WIRE)
        self.courier = Courier(self.store, poster, now=lambda: stage.now, metrics=Metrics())
        amender = DiscordAmender(stage.client, WIRE)
        self.upkeep = Upkeep(self.store, amender, now=lambda: stage.now)
        self.reader = stage.person("ravi", "newsroom")
        self.feed_id = 0

    async def open(
        self,
        kind: TargetKind = TargetKind.TEXT,
        channel: str = "newsroom",
        look: dict[str, object] | None = None,
    ) -> None:
        channel_id = int(self.stage.server.world.channel_named(channel).id)
        guild = self.stage.guild_id
        await self.store.subscriptions.add(
            kind, guild, channel_id, "tag:Harbour", 1, NOW, look=look
        )
        feed = await self.store.feeds.add("https://harbour.example/feed", "Harbour", 0, NOW)
        self.feed_id = feed.id
        await self._record()

    async def write(self, title: str, body: str = "The quay is open.", guid: str = "1") -> None:
        """Publish or change an article, and let a minute pass."""
        await self._record(
            Entry(
                title=title,
                guid=guid,
                published_at=NOW,
                tags=(Term("Harbour"),),
                blocks=(paragraph(body),),
            )
        )
        self.stage.now += timedelta(minutes=1)

    async def _record(self, *made: Entry) -> None:
        keyed = [Keyed(e, (f"h:{e.guid}",), repr(e).encode()) for e in made]
        reading = Reading("RSS 2.0", made, len(made))
        await self.store.intake.record(
            self.feed_id, reading, keyed, now=self.stage.now, scope_id=0, announce=True
        )

    async def work(self) -> None:
        await self.courier.tick(self.stage.now)
        await self.courier.settle()
        await self.upkeep.tick(self.stage.now)

    def shown(self) -> list[str]:
        return [text_of(message) for message in self.reader.messages()]


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


async def test_a_corrected_article_edits_its_message_and_marks_it(desk: Desk) -> None:
    await desk.open()
    await desk.write("Harbor opens")
    await desk.work()
    before = desk.shown()
    assert "Harbor opens" in before[-1] and "Updated" not in before[-1]
    await desk.write("Harbour opens", "The quay is open again.")
    await desk.work()
    after = desk.shown()
    assert len(after) == len(before)
    assert "Harbour opens" in after[-1] and "Updated <t:" in after[-1]
    requests = len(desk.reader.requests)
    await desk.work()
    assert len(desk.reader.requests) == requests


@pytest.mark.fault("F53")
async def test_a_message_that_a_moderator_deleted_stays_deleted(desk: Desk) -> None:
    await desk.open()
    await desk.write("Harbor opens")
    await desk.work()
    count = len(desk.shown())
    desk.reader.remove(desk.reader.messages()[-1])
    for number in range(3):
        await desk.write(f"Harbour opens {number}")
        await desk.work()
    assert len(desk.shown()) == count - 1
    edits = [r for r in desk.reader.requests if r.method == "PATCH" and "/messages/" in r.path]
    assert len(edits) == 1


async def test_a_withdrawn_article_is_struck_through(desk: Desk) -> None:
    await desk.open()
    await desk.write("Harbour opens")
    await desk.work()
    (hit,) = await desk.store.articles.named("Harbour opens", scope_of(desk.stage.guild_id))
    await desk.store.articles.hide(hit.id, "withdrawn")
    await desk.work()
    assert "~~**Harbour opens**~~" in desk.shown()[-1] and "quay" not in desk.shown()[-1]


async def test_a_forum_post_is_edited_in_its_thread(desk: Desk) -> None:
    await desk.open(TargetKind.FORUM, "stories")
    await desk.write("Harbor opens")
    await desk.work()
    await desk.write("Harbour opens")
    await desk.work()
    thread = desk.reader.posts("stories")[-1]
    (first, *_) = desk.reader.messages(thread.id)
    assert "Harbour opens" in text_of(first) and "Updated" in text_of(first)


async def test_a_forum_post_in_the_archive_is_edited_and_stays_there(desk: Desk) -> None:
    await desk.open(TargetKind.FORUM, "stories")
    await desk.write("Harbor opens")
    await desk.work()
    world = desk.stage.server.world
    thread = desk.reader.posts("stories")[-1]
    world.channels[thread.id] = replace(thread, archived=True)
    await desk.write("Harbour opens")
    await desk.work()
    (first, *_) = desk.reader.messages(thread.id)
    assert "Harbour opens" in text_of(first)
    assert world.channels[thread.id].archived


async def test_a_purge_takes_the_messages_away(desk: Desk) -> None:
    await desk.open()
    count = len(desk.shown())
    for number in range(3):
        await desk.write(f"Spam {number}", guid=str(number))
        await desk.work()
        await desk.work()
    assert len(desk.shown()) == count + 3
    await desk.store.corrections.purge(
        desk.feed_id,
        desk.stage.guild_id,
        NOW,
        desk.stage.now,
        actor_id=5,
        now=desk.stage.now,
    )
    await desk.work()
    assert len(desk.shown()) == count


async def test_an_edit_that_is_refused_for_now_is_tried_again(desk: Desk) -> None:
    await desk.open()
    await desk.write("Harbor opens")
    await desk.work()
    await desk.write("Harbour opens")
    desk.stage.server.faults.add("PATCH /channels/*/messages/*", Status(503), times=1)
    await desk.work()
    assert "Harbor opens" in desk.shown()[-1]
    desk.stage.now += timedelta(minutes=2)
    await desk.work()
    assert "Harbour opens" in desk.shown()[-1]


async def test_the_alert_channel_hears_what_needs_a_person(desk: Desk) -> None:
    world = desk.stage.server.world
    channel_id = int(world.channel_named("general").id)
    await desk.store.guilds.set(desk.stage.guild_id, alert_channel_id=channel_id)
    await desk.open()
    await desk.write("Harbour opens")
    desk.stage.server.faults.add("POST /channels/*/messages", Refuse(403, 50013), times=1)
    await desk.work()
    told = text_of(desk.stage.person("ravi", "general").messages()[-1])
    assert "I may not post into <#" in told
    await desk.work()
    general = desk.stage.person("ravi", "general").messages()
    assert sum("I may not post" in text_of(m) for m in general) == 1


async def purged(desk: Desk) -> None:
    """Take back everything that the feed has posted."""
    await desk.store.corrections.purge(
        desk.feed_id, desk.stage.guild_id, NOW, desk.stage.now, actor_id=5, now=desk.stage.now
    )
    for _ in range(3):
        await desk.work()


async def test_a_plain_text_post_carries_its_marks_too(desk: Desk) -> None:
    await desk.open()
    await desk.write("Harbor opens")
    desk.stage.server.faults.add("POST /channels/*/messages", Refuse(400, 50035), times=1)
    for _ in range(3):
        await desk.work()
    assert desk.reader.messages()[-1]["content"].startswith("Harbor opens")
    await desk.write("Harbour opens")
    await desk.work()
    assert "Harbour opens" in desk.shown()[-1] and "-# Updated <t:" in desk.shown()[-1]
    (hit,) = await desk.store.articles.named("Harbour opens", scope_of(desk.stage.guild_id))
    await desk.store.articles.hide(hit.id, "withdrawn")
    await desk.work()
    assert desk.reader.messages()[-1]["content"].startswith("~~Harbour opens~~ · ")


@pytest.mark.parametrize("may_manage", [True, False], ids=["may manage threads", "may not"])
async def test_a_purged_forum_post_leaves_no_empty_thread(desk: Desk, may_manage: bool) -> None:
    await desk.open(TargetKind.FORUM, "stories")
    before = [post.id for post in desk.reader.posts("stories")]
    await desk.write("Spam")
    await desk.work()
    if not may_manage:
        desk.stage.server.faults.add("DELETE /channels/*", Refuse(403, 50013), times=1)
    await purged(desk)
    left = [post for post in desk.reader.posts("stories") if post.id not in before]
    if may_manage:
        assert left == []
    else:
        assert left[0].archived and desk.reader.messages(left[0].id) == []


async def test_a_purged_forum_post_in_which_people_talked_keeps_their_words(desk: Desk) -> None:
    await desk.open(TargetKind.FORUM, "stories")
    await desk.write("Spam")
    await desk.work()
    thread = desk.reader.posts("stories")[-1]
    desk.reader.go(thread.id).say("What is this?")
    await purged(desk)
    assert [message["content"] for message in desk.reader.messages(thread.id)] == ["What is this?"]


async def test_a_withdrawn_article_takes_its_whole_text_along(desk: Desk) -> None:
    await desk.open(look={"form": "thread"})
    await desk.write("Harbour opens", "The quay is open. " * 20)
    for _ in range(4):
        await desk.work()
    post = desk.reader.messages()[-1]
    pages = desk.reader.messages(post["id"])
    assert "The quay is open." in text_of(pages[-1])
    (hit,) = await desk.store.articles.named("Harbour opens", scope_of(desk.stage.guild_id))
    await desk.store.articles.hide(hit.id, "removed")
    await desk.work()
    assert "quay" not in "".join(text_of(m) for m in desk.reader.messages(post["id"]))
    assert "quay" not in desk.shown()[-1]


async def test_a_corrected_article_corrects_its_whole_text(desk: Desk) -> None:
    await desk.open(look={"form": "thread"})
    await desk.write("Harbour opens", "The quay is open. " * 20)
    for _ in range(4):
        await desk.work()
    thread_id = desk.reader.messages()[-1]["id"]

    def pages() -> list[str]:
        return [text_of(m) for m in desk.reader.messages(thread_id) if m["id"] != thread_id]

    assert len(pages()) == 1 and "The quay is open." in pages()[0]
    world = desk.stage.server.world
    world.channels[thread_id] = replace(world.channels[thread_id], archived=True)
    await desk.write("Harbour opens", "The quay is shut. " * 400)
    for _ in range(8):
        await desk.work()
    longer = pages()
    assert len(longer) >= 3 and "open" not in "".join(longer)
    assert [f"page {n} of {len(longer)}" in text for n, text in enumerate(longer, 1)] == [
        True
    ] * len(longer)
    await desk.write("Harbour opens", "The quay is gone.")
    for _ in range(4):
        await desk.work()
    assert "The quay is gone." in pages()[0]
    assert pages()[1:] == ["-# …"] * (len(longer) - 1)
    await desk.write("Harbour opens", "The quay is back. " * 400)
    for _ in range(4):
        await desk.work()
    assert len(pages()) == len(longer) and all("back" in text for text in pages())


async def test_a_purged_post_takes_its_thread_along(desk: Desk) -> None:
    await desk.open(look={"form": "thread"})
    count = len(desk.shown())
    await desk.write("Spam", "Buy now. " * 20)
    for _ in range(4):
        await desk.work()
    thread_id = desk.reader.messages()[-1]["id"]
    await purged(desk)
    assert len(desk.shown()) == count
    assert thread_id not in desk.stage.server.world.channels


@pytest.mark.parametrize(
    ("kind", "channel"),
    [(TargetKind.TEXT, "newsroom"), (TargetKind.FORUM, "stories")],
    ids=["text", "forum"],
)
async def test_a_webhooks_post_is_edited_and_taken_back_by_it(
    desk: Desk, kind: TargetKind, channel: str
) -> None:
    await desk.open(kind, channel, look={"webhook": True})
    count = len(desk.shown())
    await desk.write("Harbor opens")
    await desk.work()

    def stands() -> list[str]:
        place = desk.reader.posts(channel)[-1].id if kind is TargetKind.FORUM else channel
        return [text_of(message) for message in desk.reader.messages(place)]

    assert "Harbor opens" in stands()[-1]
    await desk.write("Harbour opens")
    await desk.work()
    assert "Harbour opens" in stands()[-1] and "Updated" in stands()[-1]
    edits = [r for r in desk.reader.requests if r.method == "PATCH" and "/messages/" in r.path]
    assert [r.path.startswith("/webhooks/") for r in edits] == [True]
    posts = len(desk.reader.posts("stories"))
    await purged(desk)
    if kind is TargetKind.FORUM:
        assert len(desk.reader.posts("stories")) == posts - 1
    else:
        assert len(desk.shown()) == count


async def test_a_post_whose_webhook_is_gone_is_left_as_it_is(desk: Desk) -> None:
    await desk.open(look={"webhook": True})
    await desk.write("Harbor opens")
    await desk.work()
    desk.stage.server.world.webhooks.clear()
    await desk.write("Harbour opens")
    for _ in range(3):
        await desk.work()
    assert "Harbor opens" in desk.shown()[-1]
    await purged(desk)
    assert "Harbor opens" not in desk.shown()[-1]


async def test_a_button_under_a_webhooks_post_is_answered(desk: Desk) -> None:
    await desk.open(look={"webhook": True})
    await desk.write("Harbour opens")
    await desk.work()
    read = await desk.reader.press(desk.reader.messages()[-1], "Read")
    assert "The quay is open." in read.text
