"""Drains the outbox through a poster handed in: what is owed is posted once, in order.

    courier.tick(now) → outbox.form → outbox.claim ('sending' is committed)
      → poster.post (same nonce for every try) → outbox.sent | retry | degrade | dead | unknown

One post is in flight per target, so a stuck channel holds up no other. What cannot be known is
tried again with the same nonce inside NONCE_WINDOW and looked for in the channel after that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.metrics import Metrics
from bot.model import Fate, Outcome, Parcel, Poster, TargetKind
from bot.quota import Pace
from bot.store import Store
from bot.store.waiting import SILENT_UNTIL

_log = logging.getLogger(__name__)

# Discord honours a nonce for "a few minutes"; two is what may be relied on. A try
# may wait for a minute before it leaves (chat.patience), so that it has to begin within the first.
NONCE_WINDOW = timedelta(minutes=2)
REQUEST_MOST = timedelta(minutes=1)
# Both must have passed: a bot that was off for days does not give up at its first try.
GIVE_UP_AFTER = timedelta(days=2)
GIVE_UP_ATTEMPTS = 12
BACK_OFF_FIRST_S = 2.0
BACK_OFF_MOST_S = 900.0
# Nothing waits longer than the store's clamp for a clock that was set back (parcels.NEXT).
WAIT_MOST_S = 3600.0
# discord.py keeps a sender until its channel's bucket is full again, so that most of what is in
# flight may be asleep. What is still on its way to the wire is bounded apart from that.
IN_FLIGHT_MOST = 500
STARTING_MOST = 50
IDLE_WAIT_S = 1.0
# Where the clock was set back, a try may have been made up to so much before it seems to be.
CLOCK_DOUBT = timedelta(hours=26)

EVENT_OF = {
    Fate.SENT: "delivery.sent",
    Fate.REJECTED: "delivery.dead",
    Fate.UNREADABLE: "delivery.unknown",
    Fate.ACCESS_LOST: "delivery.target_paused",
    Fate.GONE: "delivery.target_closed",
}


def back_off_s(attempt: int) -> float:
    """Return the seconds to wait after the given failed attempt (1 and up), doubling to a cap."""
    return float(min(BACK_OFF_MOST_S, BACK_OFF_FIRST_S * 2 ** (max(1, attempt) - 1)))


def must_look_first(parcel: Parcel, now: datetime) -> bool:
    """Whether a doubtful earlier try has to be looked for before the parcel is sent again.

    A nonce answers for two minutes; a forum post and a webhook take none: there it is always read.
    A try that lies in the future (the clock was set back) is of unknown age.
    """
    if not parcel.doubtful:
        return False
    if parcel.sequel is not None and parcel.sequel.number == 0:
        # A message has one thread: Discord says so when it is started again.
        return False
    age = now - parcel.started_at
    by_webhook = parcel.by_webhook or parcel.tried_by_webhook
    has_nonce = parcel.target.kind is not TargetKind.FORUM and not by_webhook
    if parcel.sequel is None and not has_nonce:
        return True
    return not timedelta(0) <= age <= NONCE_WINDOW - REQUEST_MOST


def looked_for(parcel: Parcel, now: datetime) -> Parcel:
    """Return the parcel with the moment since which its message may have been made."""
    if parcel.started_at <= now:
        return parcel
    return replace(parcel, started_at=now - CLOCK_DOUBT)


class Courier:
    """Posts what the outbox owes.

    `now` is asked for the moment each time. `owed` is set by whoever recorded something that is
    owed, so that it goes out at once and not at the next tick. `refused` is set once Discord
    refuses the token: nothing more is sent, and app ends the process.
    """

    def __init__(
        self,
        store: Store,
        poster: Poster,
        *,
        now: Callable[[], datetime],
        metrics: Metrics,
        owed: asyncio.Event | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._store = store
        self._poster = poster
        self._now = now
        self._metrics = metrics
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._owed = owed or asyncio.Event()
        self._silent_until: datetime | None = None
        self._silence = timedelta()
        self._ticking = asyncio.Lock()
        self._draining = False
        self.refused = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set. A fault of one tick is logged and the next one tries again."""
        while not stop.is_set() and not self.refused.is_set():
            self._owed.clear()
            try:
                await self.tick(self._now())
            except Exception:
                _log.exception("delivery.crashed")
            await self._wait(stop)

    async def tick(self, now: datetime) -> int:
        """Form posts, claim one for each idle target and start sending; return how many started."""
        async with self._ticking:
            if self._draining or self.refused.is_set() or await self._is_silent(now):
                return 0
            outbox = self._store.outbox
            await outbox.form(now)
            room = min(IN_FLIGHT_MOST - len(self._in_flight), STARTING_MOST - self._pace.waiting)
            parcels = await outbox.claim(now, busy=set(self._in_flight), limit=room)
            for parcel in parcels:
                self._start(parcel)
            return len(parcels)

    async def sit_out(self, now: datetime, stop: asyncio.Event) -> None:
        """Wait for the end of a block that an earlier run was told of; `stop` ends the wait."""
        kept = await self._store.meta.get(SILENT_UNTIL)
        until = datetime.fromisoformat(kept) if kept else now
        left_s = min(WAIT_MOST_S, (until - now).total_seconds())
        if left_s <= 0:
            return
        await self._be_silent(now, left_s)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), left_s)

    async def _is_silent(self, now: datetime) -> bool:
        if self._silent_until is None or now >= self._silent_until:
            # Whatever request met the wall: a command's, a correction's, the login's.
            if self._pace.silent_s <= 0:
                return False
            await self._be_silent(now, self._pace.silent_s)
            return True
        # A clock that was set back makes it no longer than Discord asked.
        self._silent_until = min(self._silent_until, now + self._silence)
        return True

    async def count(self, now: datetime) -> None:
        """Tell the metrics how much is due and how long the oldest of it has waited."""
        waiting, oldest_at = await self._store.outbox.backlog(now)
        age = now - (oldest_at or now)
        self._metrics.outbox_waiting.set(waiting)
        self._metrics.outbox_age_seconds.set(max(0.0, age.total_seconds()))

    async def settle(self) -> None:
        """Wait for everything in flight."""
        while self._in_flight:
            await asyncio.gather(*self._in_flight.values())

    async def drain(self, deadline_s: float) -> None:
        """Let what is in flight end within the deadline, then leave the rest for the next start.

        What is cut short stays 'sending' and is reconciled like after a crash.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + deadline_s
        with suppress(TimeoutError):
            # A tick under way may have claimed already: it starts what it claimed, and is the last.
            async with asyncio.timeout_at(ends), self._ticking:
                self._draining = True
        self._draining = True
        tasks = list(self._in_flight.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=max(0.0, ends - loop.time()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _wait(self, stop: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._owed, self.refused)]
        await asyncio.wait(waits, timeout=IDLE_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def _start(self, parcel: Parcel) -> None:
        target_id = parcel.target.id
        task = asyncio.create_task(self._deliver(parcel), name=f"post {parcel.post_id}")
        self._in_flight[target_id] = task
        task.add_done_callback(lambda _: self._ended(target_id))

    def _ended(self, target_id: int) -> None:
        self._in_flight.pop(target_id, None)
        self._owed.set()

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            outcome = await self._attempt(parcel)
        except Exception:
            _log.exception("delivery.crashed", extra={"post_id": parcel.post_id})
            outcome = Outcome(Fate.UNKNOWN, reason="error.unexpected")
        try:
            await self._settle(parcel, outcome, self._now())
        except Exception:
            # The post stays 'sending' in the store and is taken up again like after a crash; the
            # channel waits meanwhile, so that a store in trouble is no flood of requests.
            _log.exception("delivery.crashed", extra={"post_id": parcel.post_id})
            await asyncio.sleep(back_off_s(parcel.attempt))

    async def _attempt(self, parcel: Parcel) -> Outcome:
        if parcel.message_id is not None and parcel.sequel is None:
            return await self._poster.publish(parcel, parcel.message_id)
        now = self._now()
        if must_look_first(parcel, now):
            found = await self._poster.find(looked_for(parcel, now))
            if found.fate is not Fate.ABSENT:
                return found
        return await self._poster.post(parcel)

    async def _settle(self, parcel: Parcel, outcome: Outcome, now: datetime) -> None:
        self._metrics.deliveries.labels(str(outcome.fate)).inc()
        if outcome.fate is Fate.SENT and parcel.message_id is None:
            waited = now - parcel.created_at
            self._metrics.delivery_seconds.observe(max(0.0, waited.total_seconds()))
        _log.info(
            EVENT_OF.get(outcome.fate, "delivery.retried"),
            extra={
                "post_id": parcel.post_id,
                "target_id": parcel.target.id,
                "attempt": parcel.attempt,
                "code": outcome.code,
            },
        )
        if parcel.sequel is not None:
            await self._settle_sequel(parcel, parcel.sequel.number, outcome, now)
        elif parcel.message_id is not None:
            await self._settle_publishing(parcel, outcome, now)
        else:
            await self._settle_post(parcel, outcome, now)

    async def _settle_post(self, parcel: Parcel, outcome: Outcome, now: datetime) -> None:
        outbox = self._store.outbox
        match outcome.fate:
            case Fate.SENT:
                publish = parcel.target.kind is TargetKind.ANNOUNCEMENT and not outcome.published
                await outbox.sent(parcel.post_id, outcome, now, publish=publish)
            case Fate.REJECTED if parcel.degraded:
                await outbox.dead(parcel.post_id, outcome, now)
            case Fate.REJECTED:
                await outbox.degrade(parcel.post_id, outcome, now)
            case Fate.GONE:
                await outbox.close_target(parcel.target.id, now)
            case Fate.ACCESS_LOST:
                await outbox.pause_target(parcel.target.id, outcome, now)
            case Fate.UNREADABLE:
                await outbox.unknown(parcel.post_id, outcome, now)
            case Fate.UNAUTHORISED:
                self.refused.set()
                await outbox.retry(parcel.post_id, now, outcome)
            case _:
                await self._try_again(parcel, outcome, now)

    async def _try_again(self, parcel: Parcel, outcome: Outcome, now: datetime) -> None:
        wait_s = _wait_s(parcel, outcome)
        if outcome.fate is Fate.BLOCKED:
            await self._be_silent(now, wait_s)
        if not _is_given_up(parcel, now):
            await self._store.outbox.retry(parcel.post_id, now + timedelta(seconds=wait_s), outcome)
        elif parcel.doubtful or outcome.fate is Fate.UNKNOWN:
            await self._store.outbox.unknown(parcel.post_id, outcome, now)
        else:
            await self._store.outbox.dead(parcel.post_id, outcome, now)

    async def _be_silent(self, now: datetime, wait_s: float) -> None:
        self._silence = timedelta(seconds=wait_s)
        self._silent_until = now + self._silence
        self._pace.be_silent(wait_s)
        _log.error("delivery.blocked", extra={"seconds": round(wait_s)})
        await self._store.meta.set(SILENT_UNTIL, self._silent_until.isoformat())

    async def _settle_sequel(
        self, parcel: Parcel, number: int, outcome: Outcome, now: datetime
    ) -> None:
        outbox, sequels, post_id = self._store.outbox, self._store.sequels, parcel.post_id
        # A thread of its own that is shut or deleted says nothing about its channel.
        is_target = parcel.target.kind is TargetKind.THREAD
        match outcome.fate:
            case Fate.SENT:
                await sequels.sent(post_id, number, outcome)
            case Fate.UNREADABLE:
                await sequels.unknown(post_id, number, outcome)
            case Fate.GONE if is_target:
                await outbox.close_target(parcel.target.id, now)
            case Fate.ACCESS_LOST if is_target:
                await outbox.pause_target(parcel.target.id, outcome, now)
            case Fate.GONE | Fate.ACCESS_LOST | Fate.REJECTED:
                await sequels.failed(post_id, number, outcome, now)
            case _:
                await self._try_sequel_again(parcel, number, outcome, now)

    async def _try_sequel_again(
        self, parcel: Parcel, number: int, outcome: Outcome, now: datetime
    ) -> None:
        sequels, wait_s = self._store.sequels, _wait_s(parcel, outcome)
        if outcome.fate is Fate.UNAUTHORISED:
            self.refused.set()
        if outcome.fate is Fate.BLOCKED:
            await self._be_silent(now, wait_s)
        if not _is_given_up(parcel, now):
            at = now + timedelta(seconds=wait_s)
            await sequels.retry(parcel.post_id, number, at, outcome)
        elif parcel.doubtful or outcome.fate is Fate.UNKNOWN:
            await sequels.unknown(parcel.post_id, number, outcome)
        else:
            await sequels.failed(parcel.post_id, number, outcome, now)

    async def _settle_publishing(self, parcel: Parcel, outcome: Outcome, now: datetime) -> None:
        outbox = self._store.outbox
        wait_s = _wait_s(parcel, outcome)
        if outcome.fate is Fate.UNAUTHORISED:
            self.refused.set()
        if outcome.fate is Fate.BLOCKED:
            await self._be_silent(now, wait_s)
        retried = (Fate.RETRY, Fate.UNKNOWN, Fate.BLOCKED, Fate.UNAUTHORISED)
        if outcome.fate not in retried or _is_given_up(parcel, now):
            await outbox.followed_up(parcel.post_id, outcome, now)
            return
        await outbox.retry(parcel.post_id, now + timedelta(seconds=wait_s), outcome)


def _wait_s(parcel: Parcel, outcome: Outcome) -> float:
    asked = outcome.retry_after_s
    return back_off_s(parcel.attempt) if asked is None else min(WAIT_MOST_S, asked)


def _is_given_up(parcel: Parcel, now: datetime) -> bool:
    return now - parcel.created_at > GIVE_UP_AFTER and parcel.attempt >= GIVE_UP_ATTEMPTS
