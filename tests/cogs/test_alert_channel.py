"""The alert channel hears what needs a person, also when it could not at first."""

from datetime import timedelta

import pytest

from bot.model import Fate, Outcome
from bot.playground import owner
from bot.playground.driver import text_of
from bot.playground.faults import Action, Refuse, Status, TooMany
from tests.cogs.conftest import NOW, Stage
from tests.cogs.test_amended_posts import Desk


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Status(503), timedelta(seconds=30)),
        (Status(520, after=True), timedelta(seconds=30)),
        (TooMany(400.0), timedelta(minutes=7)),
        (Refuse(403, 50013), timedelta(hours=1)),
    ],
    ids=["outage", "outage after it stood", "limit", "closed"],
)
async def test_what_a_person_has_to_hear_waits_until_it_can_be_said(
    desk: Desk, fault: Action, wait: timedelta
) -> None:
    world = desk.stage.server.world
    channel_id = int(world.channel_named("general").id)
    await desk.store.guilds.set(desk.stage.guild_id, alert_channel_id=channel_id)
    await desk.open()
    (made,) = await desk.store.subscriptions.list(desk.stage.guild_id)
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost")
    await desk.store.outbox.pause_target(made.target.id, lost, NOW)
    says = f"POST /channels/{channel_id}/messages"
    desk.stage.server.faults.add(says, fault, times=1)
    general = desk.stage.person("ravi", "general")
    for _ in range(3):
        await desk.upkeep.tick(desk.stage.now)
    asked = len(general.requests_to("POST", f"/channels/{channel_id}/messages"))
    assert asked == 1, "it is not asked at every tick"
    for _ in range(2):
        await desk.upkeep.tick(desk.stage.now + wait)
    assert ["I may not post" in text_of(m) for m in general.messages()] == [True]


async def test_another_alert_channel_hears_at_once_what_the_first_could_not(desk: Desk) -> None:
    stage, world = desk.stage, desk.stage.server.world
    first, second = (int(world.channel_named(name).id) for name in ("general", "story ideas"))
    await desk.store.guilds.set(stage.guild_id, alert_channel_id=first)
    await desk.open()
    (made,) = await desk.store.subscriptions.list(stage.guild_id)
    lost = Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost")
    await desk.store.outbox.pause_target(made.target.id, lost, NOW)
    owner.remove_channel(stage.server.hub, world.channels[str(first)])
    await desk.upkeep.tick(stage.now)
    await desk.store.guilds.set(stage.guild_id, alert_channel_id=second)
    await desk.upkeep.tick(stage.now)
    told = stage.person("ravi", "story ideas").messages()
    assert sum("I may not post" in text_of(m) for m in told) == 1
