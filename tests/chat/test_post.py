"""The poster over a real client and the loopback Discord: what each answer ends in, and how often
the message stands in the channel afterwards.
"""

from __future__ import annotations

import pytest

from bot.model import Fate
from bot.playground.driver import Driver
from bot.playground.faults import Drop, HalfJson, Refuse, Silence, Status, TooMany
from tests.chat.conftest import POST, Desk

pytestmark = pytest.mark.virtual_time

TITLE = "Harbour opens"


@pytest.mark.fault("F1")
async def test_the_same_nonce_is_the_same_message(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    first, second = await desk.poster.post(parcel), await desk.poster.post(parcel)
    assert first.fate is second.fate is Fate.SENT
    assert first.message_id == second.message_id
    assert desk.count(TITLE) == 1
    bodies = [request.body for request in desk.posts()]
    assert [body["enforce_nonce"] for body in bodies] == [True, True]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524, 529])
@pytest.mark.fault("F6", "F7")
async def test_a_server_error_leaves_doubt_and_the_next_try_makes_one_message(
    desk: Desk, status: int, after: bool
) -> None:
    parcel = await desk.parcel("newsroom")
    fault = desk.server.faults.add(POST, Status(status, after=after), times=None)
    started = desk.now()
    outcome = await desk.poster.post(parcel)
    assert outcome.fate is Fate.UNKNOWN
    assert outcome.params == {"status": status}
    assert len(desk.posts()) <= 5
    assert (desk.now() - started).total_seconds() <= 61
    assert desk.count(TITLE) == int(after)
    desk.server.faults.remove(fault)
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE) == 1


@pytest.mark.parametrize(
    "fault",
    [Drop(), Drop(after=True), HalfJson(), Silence(), Silence(after=True)],
    ids=["cut before", "cut after", "half an answer", "silence before", "silence after"],
)
@pytest.mark.fault("F8", "F9", "F10")
async def test_a_lost_answer_leaves_doubt_and_the_next_try_makes_one_message(
    desk: Desk, fault: Drop | HalfJson | Silence
) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, fault)
    started = desk.now()
    assert (await desk.poster.post(parcel)).fate is Fate.UNKNOWN
    assert (desk.now() - started).total_seconds() <= 61
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE) == 1


@pytest.mark.parametrize(
    "fault",
    [
        TooMany(2.25),
        TooMany(2.25, scope="shared"),
        TooMany(2.25, everywhere=True),
    ],
    ids=["route", "shared", "global"],
)
@pytest.mark.fault("F11", "F13")
async def test_a_429_is_waited_out_to_its_fraction_of_a_second(desk: Desk, fault: TooMany) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, fault)
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    refused, made = desk.posts()
    assert (refused.status, made.status) == (429, 200)
    assert 2.25 <= made.seconds - refused.seconds < 3
    assert desk.count(TITLE) == 1


@pytest.mark.fault("F12")
async def test_a_long_429_is_handed_back_with_its_wait(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(3600.5))
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.retry_after_s) == (Fate.RETRY, 3600.5)
    assert len(desk.posts()) == 1
    assert desk.count(TITLE) == 0


async def test_a_429_that_does_not_end_is_handed_back_with_a_fraction(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(1.5), times=5)
    outcome = await desk.poster.post(parcel)
    assert outcome.fate is Fate.RETRY
    assert outcome.retry_after_s is not None and outcome.retry_after_s >= 1.5
    assert len(desk.posts()) == 5


@pytest.mark.fault("F14")
async def test_the_page_of_cloudflare_is_a_block_after_one_request(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(30, cloudflare=True))
    outcome = await desk.poster.post(parcel)
    assert outcome.fate is Fate.BLOCKED
    assert outcome.retry_after_s is not None and outcome.retry_after_s >= 600
    assert len(desk.posts()) == 1
    assert desk.count(TITLE) == 0


@pytest.mark.parametrize(
    ("status", "code", "fate"),
    [
        (403, 50001, Fate.ACCESS_LOST),
        (403, 50013, Fate.ACCESS_LOST),
        (404, 10003, Fate.GONE),
        (404, 10008, Fate.SENT),
        (400, 50035, Fate.REJECTED),
        (400, 200000, Fate.REJECTED),
        (401, 0, Fate.UNAUTHORISED),
        (403, 40333, Fate.BLOCKED),
        (400, 160005, Fate.ACCESS_LOST),
    ],
)
@pytest.mark.fault("F15", "F17", "F18", "F19", "F21", "F22")
async def test_a_refusal_has_its_fate_and_is_asked_once(
    desk: Desk, status: int, code: int, fate: Fate
) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, Refuse(status, code))
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.code) == (fate, code)
    assert len(desk.posts()) == 1
    assert desk.count(TITLE) == 0


@pytest.mark.fault("F18")
async def test_a_message_deleted_before_the_second_try_is_not_made_again(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, Drop(after=True))
    await desk.poster.post(parcel)
    (message,) = [m for m in desk.member.messages("newsroom") if TITLE in str(m)]
    Driver(desk.server, "ravi", "newsroom").remove(message)
    outcome = await desk.poster.post(parcel)
    assert (outcome.fate, outcome.code) == (Fate.SENT, 10008)
    assert desk.count(TITLE) == 0


@pytest.mark.fault("F13")
async def test_a_global_wait_that_is_cut_short_holds_nothing_up_for_ever(desk: Desk) -> None:
    parcel = await desk.parcel("newsroom")
    desk.server.faults.add(POST, TooMany(40, everywhere=True), times=2)
    assert (await desk.poster.post(parcel)).fate is Fate.UNKNOWN
    assert (await desk.poster.post(parcel)).fate is Fate.SENT
    assert desk.count(TITLE) == 1
