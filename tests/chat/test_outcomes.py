"""What each answer of Discord, or none, means for a post."""

import json
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest

from bot.chat.outcomes import Wire, asked_s, outcome_of
from bot.messages import catalogue
from bot.model import Fate

BEHIND_PROXY = {"Via": "1.1 google", "Content-Type": "application/json"}


class Refused(Exception):
    """Stands for a connection that never opened."""


class Dropped(Exception):
    """Stands for a connection that broke at any moment."""


WIRE = Wire(unsent=(Refused,), unclear=(Dropped,))


@dataclass
class Response:
    """The part of an HTTP response that discord.py's exceptions read."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = "reason"


def refusal(status: int, code: int = 0, headers: dict[str, str] | None = None) -> Any:
    """Return the exception discord.py raises for an answer."""
    response: Any = Response(status, headers or {})
    body = {"code": code, "message": "words"} if code else {"message": "words"}
    kinds = {403: discord.Forbidden, 404: discord.NotFound}
    kind = kinds.get(status, discord.DiscordServerError if status >= 500 else discord.HTTPException)
    return kind(response, body)


@pytest.mark.parametrize(
    ("status", "code", "fate"),
    [
        (404, 10003, Fate.GONE),
        (404, 10004, Fate.GONE),
        (403, 50001, Fate.ACCESS_LOST),
        (403, 50013, Fate.ACCESS_LOST),
        (400, 40067, Fate.ACCESS_LOST),
        (403, 0, Fate.ACCESS_LOST),
        (400, 50035, Fate.REJECTED),
        (400, 200000, Fate.REJECTED),
        (403, 240000, Fate.REJECTED),
        (400, 99999, Fate.REJECTED),
        (404, 10008, Fate.SENT),
        (403, 40033, Fate.SENT),
        (400, 160004, Fate.SENT),
        (400, 160006, Fate.RETRY),
        (400, 130000, Fate.RETRY),
        (500, 0, Fate.UNKNOWN),
        (503, 0, Fate.UNKNOWN),
        (401, 0, Fate.UNAUTHORISED),
        (403, 40333, Fate.BLOCKED),
    ],
)
def test_each_answer_has_its_fate(status: int, code: int, fate: Fate) -> None:
    assert outcome_of(refusal(status, code), WIRE).fate is fate


def test_a_429_from_discord_is_waited_for_to_the_fraction() -> None:
    own = outcome_of(refusal(429, headers={**BEHIND_PROXY, "Retry-After": "0.375"}), WIRE)
    assert (own.fate, own.retry_after_s) == (Fate.RETRY, 0.375)


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf", "Wed, 01 Jan 2025 00:00:00 GMT"])
def test_a_wait_that_cannot_be_read_is_none(text: str) -> None:
    assert asked_s({"Retry-After": text}) is None


@pytest.mark.fault("F14")
@pytest.mark.parametrize(
    "headers",
    [{}, {"Via": ""}, {"Via": "1.1 google", "Content-Type": "text/html; charset=UTF-8"}],
    ids=["no proxy", "empty", "a page"],
)
def test_a_429_from_the_wall_silences_everything(headers: dict[str, str]) -> None:
    wall = outcome_of(refusal(429, headers={**headers, "Retry-After": "7.5"}), WIRE)
    assert wall.fate is Fate.BLOCKED
    assert wall.retry_after_s == 600


def test_a_long_rate_limit_is_passed_on_in_seconds() -> None:
    outcome = outcome_of(discord.RateLimited(3600), WIRE)
    assert (outcome.fate, outcome.retry_after_s) == (Fate.RETRY, 3600)


@pytest.mark.parametrize(
    "error",
    [Dropped(), TimeoutError(), ConnectionResetError(), json.JSONDecodeError("x", "y", 0)],
    ids=lambda error: type(error).__name__,
)
def test_what_may_have_arrived_is_unknown_not_failed(error: Exception) -> None:
    assert isinstance(error, WIRE.caught)
    assert outcome_of(error, WIRE).fate is Fate.UNKNOWN


def test_a_connection_that_never_opened_is_certainly_not_delivered() -> None:
    assert outcome_of(Refused(), WIRE).fate is Fate.RETRY


def test_every_reason_has_a_sentence() -> None:
    answers = [refusal(404, 10003), refusal(403, 50013), refusal(400, 50035), refusal(401)]
    answers += [refusal(500), refusal(429), refusal(400, 200000), refusal(400, 160006), Dropped()]
    for error in answers:
        outcome = outcome_of(error, WIRE)
        assert outcome.reason is not None
        assert catalogue().say(outcome.reason, **outcome.params)
