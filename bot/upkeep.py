"""Keeps what was posted true, and tells people what needs them. Apart from the courier.

    upkeep.tick(now) → corrections.claim → amender.edit | delete → corrections.done | ended | retry
                     → alerts.look_at_feeds → alerts.claim → amender.tell

Corrections are made one by one: they hurry nobody, and new posts go first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from bot.model import Fate, Outcome, Parcel
from bot.store import Store
from bot.store.alerts import Alert
from bot.store.corrections import Amendment

_log = logging.getLogger(__name__)

TICK_S = 2.0
WAIT_FIRST_S = 30.0
WAIT_MOST_S = 3600.0
TOLD_AGAIN_S = 60.0
UNSURE_S, UNSURE_TRIES = 30.0, 3
A_DAY_S = 86_400.0
# About a day and a half, by waits that double to an hour.
ATTEMPTS_MOST = 40


class Amender(Protocol):
    """Changes messages that stand. Never raises for what a network or Discord does."""

    async def edit(self, parcel: Parcel, changed: Mapping[int, datetime | None]) -> Outcome:
        """Show the parcel as it is now; `changed` says since when, None for a withdrawn one.

        GONE when the message was deleted.
        """
        ...

    async def delete(self, parcel: Parcel) -> Outcome:
        """Delete the message; one that is gone already counts as SENT."""
        ...

    async def tell(
        self, channel_id: int, lines: Sequence[tuple[str, Mapping[str, str | int]]], nonce: str
    ) -> Outcome:
        """Say something to a server's moderators: message keys with parameters.

        Said again soon with the same nonce it is the same message.
        """
        ...


class Upkeep:
    """Works off corrections and alerts."""

    def __init__(self, store: Store, amender: Amender, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._amender = amender
        self._now = now
        # Where nothing can be told for now, by channel, and until when.
        self._deaf: dict[int, datetime] = {}
        # What may have been told, how often it was tried, and when it is tried again.
        self._unsure: list[tuple[datetime, int, Alert]] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set. A fault of one tick is logged and the next one tries again."""
        while not stop.is_set():
            try:
                await self.tick(self._now())
            except Exception:
                _log.exception("upkeep.crashed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_S)

    async def tick(self, now: datetime) -> int:
        """Make the corrections that are due and tell what is new; return how many were made."""
        amendments = await self._store.corrections.claim(now)
        for amendment in amendments:
            await self._amend(amendment, now)
        await self._store.alerts.look_at_feeds(now)
        self._deaf = {place: until for place, until in self._deaf.items() if until > now}
        again = [each for each in self._unsure if each[0] <= now]
        self._unsure = [each for each in self._unsure if each[0] > now]
        for _, tries, alert in again:
            await self._tell(alert, now, tries)
        for alert in await self._store.alerts.claim(now, self._deaf):
            await self._tell(alert, now)
        return len(amendments)

    async def _tell(self, alert: Alert, now: datetime, tries: int = 0) -> None:
        nonce = f"alert-{alert.ids[0]}"
        outcome = await self._amender.tell(alert.channel_id, alert.lines, nonce)
        if outcome.fate is Fate.SENT:
            return
        extra = {"guild_id": alert.guild_id, "code": outcome.code}
        _log.warning("upkeep.not_told", extra=extra)
        if outcome.fate is Fate.UNKNOWN or tries:
            # It may stand there: said again only as long as Discord knows the nonce.
            if tries < UNSURE_TRIES:
                at = now + timedelta(seconds=UNSURE_S)
                self._unsure.append((at, tries + 1, alert))
            return
        # What surely did not arrive waits for a better time, or for another channel to be chosen.
        if _is_passing(outcome):
            wait = TOLD_AGAIN_S if outcome.fate is not Fate.ACCESS_LOST else WAIT_MOST_S
        elif outcome.fate is Fate.GONE:
            wait = A_DAY_S
        else:
            return
        await self._store.alerts.put_back(alert)
        wait = max(wait, outcome.retry_after_s or 0.0)
        self._deaf[alert.channel_id] = now + timedelta(seconds=wait)

    async def _amend(self, amendment: Amendment, now: datetime) -> None:
        parcel, store = amendment.parcel, self._store.corrections
        if amendment.what == "delete":
            outcome = await self._amender.delete(parcel)
        else:
            outcome = await self._amender.edit(parcel, amendment.changed)
        extra = {"post_id": parcel.post_id, "code": outcome.code}
        if outcome.fate is Fate.SENT:
            await self._store.sequels.more(parcel.post_id, outcome.sequels, now)
            await store.done(amendment)
            _log.info("upkeep.amended", extra=extra)
        elif _is_passing(outcome) and amendment.attempt < ATTEMPTS_MOST:
            await store.retry(amendment, now + timedelta(seconds=wait_s(amendment, outcome)))
        else:
            await store.ended(amendment, outcome)
            _log.info("upkeep.ended", extra=extra)


def wait_s(amendment: Amendment, outcome: Outcome) -> float:
    """Return the seconds to wait after a failed try: what Discord asks for, else doubling."""
    doubled = WAIT_FIRST_S * float(2 ** min(amendment.attempt - 1, 20))
    return max(outcome.retry_after_s or 0.0, min(WAIT_MOST_S, doubled))


def _is_passing(outcome: Outcome) -> bool:
    # What a channel's moderators can give back is waited for: the mark is worth it.
    return outcome.fate in (
        Fate.RETRY,
        Fate.UNKNOWN,
        Fate.BLOCKED,
        Fate.UNAUTHORISED,
        Fate.ACCESS_LOST,
    )
