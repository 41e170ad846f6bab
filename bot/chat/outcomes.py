"""What an answer of Discord means for a post: the tables of error codes as one pure function.

The classes of codes are those of Discord's developer documentation (opcodes and status codes);
what is not listed counts as this item's own fault when Discord named a code, else as unclear.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError

import discord

from bot.model import Fate, Outcome

ACCESS_LOST = frozenset({50001, 50013, 160002, 160005, 20012, 50008, 50024, 40058, 40067, 40066})
GONE = frozenset({10003, 10004, 10015, 50027})
REJECTED = frozenset({50035, 50006, 50045, 40005, 200000, 200001, 240000, 50109})
CAPACITY = frozenset({30007, 30032, 30034, 160006, 160007, 20028, 20029, 20022, 30046})
TEMPORARY = frozenset({130000, 110000, 40004, 40006, 40062})
UNAUTHORISED = frozenset({40001, 50014})
DELIVERED = frozenset({10008, 40033, 160004})

CLOUDFLARE_BLOCK = 40333
CAPACITY_WAIT_S = 600.0
CLOUDFLARE_SILENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Wire:
    """The exceptions of the HTTP library below discord.py, which lets them escape.

    `unsent` are raised before a request was written, `unclear` at any time.
    """

    unsent: tuple[type[BaseException], ...] = ()
    unclear: tuple[type[BaseException], ...] = ()

    @property
    def caught(self) -> tuple[type[BaseException], ...]:
        """Everything a request may raise that is an outcome and not a defect."""
        ours = (discord.DiscordException, TimeoutError, OSError, JSONDecodeError)
        return (*self.unsent, *self.unclear, *ours)


def outcome_of(error: BaseException, wire: Wire) -> Outcome:
    """Return what an exception from a request to post means."""
    if isinstance(error, discord.RateLimited):
        return Outcome(Fate.RETRY, retry_after_s=error.retry_after, reason="delivery.rate_limited")
    if isinstance(error, discord.HTTPException):
        return _http_outcome(error)
    if isinstance(error, discord.InvalidData):
        return Outcome(Fate.GONE, reason="delivery.gone")
    if isinstance(error, wire.unsent):
        return Outcome(Fate.RETRY, reason="delivery.network")
    return Outcome(Fate.UNKNOWN, reason="delivery.network")


def _http_outcome(error: discord.HTTPException) -> Outcome:
    if error.status >= 500:
        return Outcome(
            Fate.UNKNOWN, reason="delivery.server_error", params={"status": error.status}
        )
    if error.status == 429:
        return _rate_limited(error)
    if error.status == 401 or error.code in UNAUTHORISED:
        return Outcome(Fate.UNAUTHORISED, reason="delivery.unauthorised", code=error.code)
    if error.code == CLOUDFLARE_BLOCK:
        return _blocked(error)
    return _coded_outcome(error)


def _coded_outcome(error: discord.HTTPException) -> Outcome:
    code, detail = error.code, {"detail": error.text[:200]}
    if code in DELIVERED:
        return Outcome(Fate.SENT, code=code)
    if code in GONE:
        return Outcome(Fate.GONE, reason="delivery.gone", code=code)
    if code == 40067:
        return Outcome(Fate.ACCESS_LOST, reason="delivery.tag_required", code=code)
    if code in ACCESS_LOST or (error.status == 403 and code not in REJECTED):
        return Outcome(Fate.ACCESS_LOST, reason="delivery.access_lost", code=code)
    if code in (200000, 200001):
        return Outcome(Fate.REJECTED, reason="delivery.blocked_by_automod", code=code)
    if code in CAPACITY:
        return Outcome(Fate.RETRY, None, None, CAPACITY_WAIT_S, "delivery.capacity", code, detail)
    if code in TEMPORARY:
        return Outcome(Fate.RETRY, reason="delivery.server_error", code=code, params={"status": 0})
    return Outcome(Fate.REJECTED, reason="delivery.rejected", code=code, params=detail)


def _rate_limited(error: discord.HTTPException) -> Outcome:
    if is_wall(error.response.headers):
        return _blocked(error)
    wait_s = asked_s(error.response.headers)
    return Outcome(Fate.RETRY, None, None, wait_s, "delivery.rate_limited", error.code)


def is_wall(headers: Mapping[str, str]) -> bool:
    """Whether a 429 comes from the wall in front of Discord: more requests prolong the block.

    Discord's own is JSON and comes through its proxy, which names itself in Via.
    """
    return not headers.get("Via") or "json" not in headers.get("Content-Type", "")


def asked_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After, or None where there is none that can be read."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def _blocked(error: discord.HTTPException) -> Outcome:
    silence_s = max(CLOUDFLARE_SILENCE_S, asked_s(error.response.headers) or 0.0)
    return Outcome(
        Fate.BLOCKED,
        retry_after_s=silence_s,
        reason="delivery.blocked",
        code=error.code,
        params={"minutes": round(silence_s / 60)},
    )
