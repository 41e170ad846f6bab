"""A channel gets a story once, whichever step a kill falls between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.app import WIRE
from bot.chat.amend import DiscordAmender
from bot.delivery import Courier
from bot.metrics import Metrics
from bot.playground.faults import Drop
from bot.upkeep import Upkeep
from tests.chat.conftest import POST, START, Desk
from tests.conftest import Newsroom, make_entry

pytestmark = pytest.mark.virtual_time

TITLE = "Old lighthouse of the harbour is sold to three fishermen at an auction"
TEXT = [
    "The lighthouse at the end of the old quay was sold on Monday to three fishermen of the town,"
    " who want to keep its lantern burning for the boats that come home late in the winter.",
    "The auction lasted an hour, and the price stayed a secret between the notary and the council.",
]
STEPS = ("first recorded", "first formed", "first sending", "first sent", "copy recorded", "edit")


def copy(desk: Desk, name: str) -> Any:
    return make_entry(
        TITLE,
        body=TEXT,
        url=f"https://{name}.example/1",
        source=f"Wire {name}",
        published_at=desk.now(),
    )


async def publish(desk: Desk, name: str) -> None:
    newsroom = Newsroom(desk.store, desk.now())
    await newsroom.publish(copy(desk, name), feed=name, announce=True, now=desk.now())


async def killed(desk: Desk, courier: Courier, pattern: str) -> None:
    """Let the courier send, and end it when Discord has stored the message and not answered."""
    seen = len(desk.server.hub.requests)
    desk.server.faults.add(pattern, Drop(after=True))
    await courier.tick(desk.now())
    await desk.until(lambda: len(desk.server.hub.requests) > seen)
    tasks = list(courier._in_flight.values())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("wait_s", [20, 900], ids=["within the nonce window", "after it"])
@pytest.mark.parametrize("channel", ["newsroom", "stories"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_between_any_two_steps_leaves_the_story_once_with_its_copy_named(
    desk: Desk, step: str, channel: str, wait_s: int
) -> None:
    await desk.subscribe(channel)
    newsroom = Newsroom(desk.store, desk.now())
    for name in "AB":
        await newsroom.publish(
            make_entry(f"Primer {name}", url=f"https://{name}.example/0"), feed=name
        )
    await publish(desk, "A")
    courier = desk.courier
    if step == "first formed":
        await desk.store.outbox.form(desk.now())
    elif step == "first sending":
        await killed(desk, courier, START if channel == "stories" else POST)
    elif step != "first recorded":
        await courier.tick(desk.now())
        await courier.settle()
    if step in ("copy recorded", "edit"):
        await publish(desk, "B")
    upkeep = Upkeep(desk.store, DiscordAmender(desk.client, WIRE), now=desk.now)
    if step == "edit":
        await desk.later(60)
        desk.server.faults.add("PATCH /channels/*/messages/*", Drop(after=True))
        await upkeep.tick(desk.now())
    # The process ends here; the next one goes on from what is written down.
    await desk.later(wait_s)
    if step not in ("copy recorded", "edit"):
        await publish(desk, "B")
    after = Courier(desk.store, desk.poster, now=desk.now, metrics=Metrics(), pace=desk.pace)
    for _ in range(8):
        await after.tick(desk.now())
        await after.settle()
        await upkeep.tick(desk.now())
        await desk.later(30)
    shown = texts(desk, channel)
    told = [text for text in shown if TITLE in text]
    assert len(told) == 1
    assert "Wire A" in told[0] and "Wire B" in told[0]
    status = await desk.store.outbox.status()
    assert (status.sent, status.ready, status.sending, status.owed) == (1, 0, 0, 0)


def texts(desk: Desk, channel: str) -> list[str]:
    world = desk.server.world
    place = world.channel_named(channel)
    rooms = [place.id, *(thread.id for thread in world.threads_of(place.id))]
    return [
        str(m.components) + m.content for room in rooms for m in world.in_channel(room).values()
    ]
