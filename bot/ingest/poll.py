"""Polls the feeds that are due: politely to their hosts, and so that one never stops the others.

tick(now) → feeds.due → one a host, hosts in parallel
  → fetch (conditional) → document.pieces in a worker → intake.record, one transaction
  → or feeds.unchanged, many answers in one | failed | stop, with the time of the next try each
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.errors import FetchError, TagwireError, UnreadableError
from bot.ingest import schedule
from bot.ingest.fetch import Fetched, Fetcher
from bot.ingest.heal import OPEN, Healed, Healer
from bot.ingest.reading import Document, read_feed
from bot.ingest.worker import Workers
from bot.metrics import Metrics
from bot.model import Feed, Intake, Validators
from bot.store import Store
from bot.store.feeds import Unchanged

_log = logging.getLogger(__name__)

_DUE_AT_ONCE = 500
_PAUSE_S = 0.25
# How long answers without news are gathered for one commit: each has to reach the disk.
_GATHER_S = 0.05
_CLOCK_SLACK = timedelta(minutes=2)
# Raised when reading changes, so that bodies seen before are read again by the new rules.
_READER_VERSION = b"1"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How feeds are polled: `fixed_s` is the operator's interval, or None for each feed's own.

    `host_gap_s` lies between two requests to a host; `concurrency` hosts are asked at a time.
    """

    fixed_s: float | None = None
    host_gap_s: float = 1.0
    concurrency: int = 8


class Poller:
    """Asks feeds when they are due. `owed` is set when a recording owes something to a channel."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        workers: Workers,
        *,
        metrics: Metrics,
        rhythm: Rhythm | None = None,
        owed: asyncio.Event | None = None,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._workers = workers
        self._metrics = metrics
        self._owed = owed or asyncio.Event()
        self._rhythm = rhythm or Rhythm()
        self._healer = Healer(store, fetcher, workers, self._rhythm.host_gap_s)
        self._room = asyncio.Semaphore(self._rhythm.concurrency)
        self._busy_hosts: set[str] = set()
        self._free_at: dict[str, datetime] = {}
        self._last_tick_at: datetime | None = None
        self._answers: list[Unchanged] = []
        self._settling: asyncio.Task[None] | None = None
        self._polls: set[asyncio.Task[int]] = set()

    def set_interval(self, fixed_s: float | None) -> None:
        """Change the operator's interval from each feed's next poll on; None: its own rhythm."""
        self._rhythm = replace(self._rhythm, fixed_s=fixed_s)

    async def tick(self, now: datetime) -> int:
        """Poll what is due now, wait for it, and return how many feeds were asked."""
        return sum(await asyncio.gather(*await self._start(now)))

    async def run(self, stop: asyncio.Event, now: Callable[[], datetime]) -> None:
        """Poll until told to stop; a slow host delays no other. What is under way is given up."""
        try:
            await self._store.warm()
            while not stop.is_set():
                try:
                    await self._start(now())
                except TagwireError:
                    _log.exception("poll.crashed")
                try:
                    await asyncio.wait_for(stop.wait(), _PAUSE_S)
                except TimeoutError:
                    continue
        finally:
            for task in self._polls:
                task.cancel()
            await asyncio.gather(*self._polls, return_exceptions=True)
            if self._settling is not None:
                # Else what was just asked would be asked again after a restart.
                await asyncio.gather(self._settling, return_exceptions=True)

    async def _start(self, now: datetime) -> list[asyncio.Task[int]]:
        """Start a task for each host that has a feed due and may be asked again."""
        await self._follow_clock(now)
        self._free_at = {host: at for host, at in self._free_at.items() if at > now}
        closed = self._busy_hosts | self._free_at.keys()
        hosts: dict[str, list[Feed]] = {}
        # With a gap to keep, a host's other feeds stay due and wait for the next tick.
        one_each = self._rhythm.host_gap_s > 0
        for feed in await self._store.feeds.due(now, _DUE_AT_ONCE, closed, one_each=one_each):
            hosts.setdefault(host_of(feed), []).append(feed)
        tasks = []
        for host, feeds in hosts.items():
            if host in self._busy_hosts or host in self._free_at:
                continue
            self._busy_hosts.add(host)
            if one_each:
                self._free_at[host] = now + timedelta(seconds=self._rhythm.host_gap_s)
            task = asyncio.create_task(self._ask_host(host, feeds, now))
            self._polls.add(task)
            task.add_done_callback(self._polls.discard)
            tasks.append(task)
        return tasks

    async def _follow_clock(self, now: datetime) -> None:
        """Move what is scheduled with a clock that was set back, else nothing is due for long."""
        last_at, self._last_tick_at = self._last_tick_at, now
        if last_at is not None and now < last_at - _CLOCK_SLACK:
            self._free_at.clear()
            await self._store.feeds.set_back(last_at - now)

    async def _ask_host(self, host: str, feeds: Sequence[Feed], now: datetime) -> int:
        try:
            written: set[asyncio.Task[None]] = set()
            for feed in feeds:
                async with self._room:
                    answer = await self._ask(feed, now)
                if answer is not None:
                    written.add(self._settle(answer))
            # Not while it holds a place: a commit takes as long as a fetch.
            for commit in written:
                await asyncio.shield(commit)
        except Exception:
            # What could not be written stays due, and its feeds are asked again.
            _log.exception("poll.crashed")
        finally:
            self._busy_hosts.discard(host)
        return len(feeds)

    async def _ask(self, feed: Feed, now: datetime) -> Unchanged | None:
        """Poll one feed; return what is still to be written of an answer without news."""
        try:
            found = await self._poll(feed, now)
            return found if isinstance(found, Unchanged) else None
        except (FetchError, UnreadableError):
            return None  # Noted and logged where it happened.
        except Exception:
            # Whatever one feed does to us, the others are polled, and it is asked later again.
            _log.exception("feed.crashed", extra={"feed_id": feed.id})
            try:
                await self._note_failure(feed, TagwireError("ingest.feed_crashed"), now)
            except TagwireError:
                _log.exception("feed.crashed", extra={"feed_id": feed.id})
            return None

    async def poll(self, feed: Feed, now: datetime) -> Intake:
        """Ask one feed once and keep what it answers. Raises TagwireError, after noting it."""
        found = await self._poll(feed, now)
        if isinstance(found, Intake):
            return found
        await asyncio.shield(self._settle(found))
        return Intake(read=0, new=0, updated=0, unchanged=0)

    async def _poll(self, feed: Feed, now: datetime) -> Intake | Unchanged:
        try:
            validators = Validators(feed.etag, feed.last_modified)
            fetched = await self._fetcher.get(feed.url or "", validators, now=now)
            if fetched.status == 304 or await self._is_known(feed, fetched):
                return await self._keep_unchanged(feed, fetched, now)
            return await self.keep(feed, await self.read(fetched, feed.url), now)
        except (FetchError, UnreadableError) as error:
            await self._note_failure(feed, error, now)
            raise

    async def hurry(self, feed: Feed, now: datetime) -> Intake:
        """Ask one feed before its time. Raises TagwireError, also while its host is being asked."""
        host = host_of(feed)
        if host in self._busy_hosts:
            raise TagwireError("ingest.feed_busy", host=host)
        self._busy_hosts.add(host)
        self._free_at[host] = now + timedelta(seconds=self._rhythm.host_gap_s)
        try:
            return await self.poll(feed, now)
        finally:
            self._busy_hosts.discard(host)

    async def _is_known(self, feed: Feed, fetched: Fetched) -> bool:
        return await self._store.feeds.content_hash(feed.id) == _digest(fetched.body)

    async def read(self, fetched: Fetched, feed_url: str | None) -> Document:
        """Read a fetched feed in a worker. Raises UnreadableError when it is none."""
        return await read_feed(self._workers, fetched, feed_url)

    async def keep(self, feed: Feed, found: Document, now: datetime) -> Intake:
        """Record a document with the feed's validators and its next time, all in one."""
        reading = found.reading
        rhythm_s = schedule.rhythm_s([k.entry.published_at for k in found.keyed], now)
        # Kept as the feed's interval, so that its ttl holds for answers without a body too.
        rhythm_s = max(rhythm_s, min(reading.ttl_s or 0, schedule.LONGEST_S))
        feed = replace(feed, skip_hours=reading.skip_hours, skip_days=reading.skip_days)
        next_check_at = self._next_poll(feed, found.fetched, now, rhythm_s)
        healed = await self._healer.heal(feed, found, now)
        # With the document, in one: a kill before leaves the gap to be seen and healed again, and
        # a channel's cap counts what it missed as one flood.
        intake = await self._store.intake.record(
            feed.id,
            reading,
            (*found.keyed, *healed.keyed),
            now=now,
            scope_id=feed.scope_id,
            announce=True,
            validators=found.fetched.validators,
            content_hash=_digest(found.fetched.body),
            next_check_at=next_check_at,
            interval_s=round(rhythm_s),
        )
        self._metrics.polls.labels("changed").inc()
        self._metrics.articles.labels("new").inc(intake.new)
        self._metrics.articles.labels("updated").inc(intake.updated)
        if intake.owed:
            self._owed.set()
        counts = {"new": intake.new, "updated": intake.updated, "owed": intake.owed}
        _log.info("feed.polled", extra={"feed_id": feed.id, **counts})
        await self._note_gap(feed, healed, now)
        await self._note_success(feed, found.fetched, now)
        return intake

    async def _keep_unchanged(self, feed: Feed, fetched: Fetched, now: datetime) -> Unchanged:
        rhythm_s = feed.interval_s or schedule.USUAL_S
        next_check_at = self._next_poll(feed, fetched, now, rhythm_s)
        self._metrics.polls.labels("unchanged").inc()
        _log.debug("feed.unchanged", extra={"feed_id": feed.id})
        await self._note_success(feed, fetched, now)
        return Unchanged(feed.id, now, fetched.validators, next_check_at)

    def _settle(self, answer: Unchanged) -> asyncio.Task[None]:
        """Have an answer written with those that come meanwhile; a commit each costs the most."""
        self._answers.append(answer)
        if self._settling is None:
            self._settling = asyncio.create_task(self._write_answers())
        return self._settling

    async def _write_answers(self) -> None:
        await asyncio.sleep(_GATHER_S)
        # Who comes from now on waits for the next commit.
        answers, self._answers, self._settling = self._answers, [], None
        await self._store.feeds.unchanged(answers)

    def _next_poll(self, feed: Feed, fetched: Fetched, now: datetime, rhythm_s: float) -> datetime:
        return schedule.next_poll(
            now,
            feed.id,
            fresh_s=fetched.fresh_s,
            skip_hours=feed.skip_hours,
            skip_days=feed.skip_days,
            rhythm_s=rhythm_s,
            fixed_s=self._rhythm.fixed_s,
        )

    async def _note_success(self, feed: Feed, fetched: Fetched, now: datetime) -> None:
        if feed.error:
            _log.info("feed.recovered", extra={"feed_id": feed.id, "failures": feed.failures})
        if fetched.permanent_url is not None:
            if await self._store.feeds.moved(feed.id, fetched.permanent_url):
                _log.info("feed.moved", extra={"feed_id": feed.id, "url": fetched.permanent_url})
        elif feed.moved_url is not None:
            await self._store.feeds.stay(feed.id)

    async def _note_gap(self, feed: Feed, healed: Healed, now: datetime) -> None:
        if healed.notice is None:
            if feed.notice == OPEN and "since" in feed.notice_params:
                await self._store.walks.notice(feed.id, None, {}, now)
            return
        event = "feed.gap_open" if healed.notice == OPEN else "feed.gap_healed"
        _log.warning(event, extra={"feed_id": feed.id, "missed": len(healed.keyed)})
        await self._store.walks.notice(feed.id, healed.notice, healed.params, now)

    async def _note_failure(self, feed: Feed, error: TagwireError, now: datetime) -> None:
        fetch_error = error if isinstance(error, FetchError) else FetchError(error.key)
        self._metrics.polls.labels("failed").inc()
        _log.warning("feed.failed", extra={"feed_id": feed.id, "key": error.key, **error.params})
        absent_since_at = feed.failing_since_at or now
        is_absent = fetch_error.status == 404 and now - absent_since_at > schedule.ABSENT_AFTER
        if fetch_error.gone or is_absent:
            _log.warning("feed.stopped", extra={"feed_id": feed.id, "key": error.key})
            await self._store.feeds.stop(feed.id, error.key, now)
            return
        next_check_at = schedule.after_failure(
            now,
            feed.id,
            failures=feed.failures + 1,
            status=fetch_error.status,
            retry_after_s=fetch_error.retry_after_s,
            skip_hours=feed.skip_hours,
            skip_days=feed.skip_days,
            rhythm_s=feed.interval_s or schedule.USUAL_S,
            fixed_s=self._rhythm.fixed_s,
        )
        await self._store.feeds.failed(feed.id, now, error.key, error.params, next_check_at)


def host_of(feed: Feed) -> str:
    """Return the host a feed's requests go to, the port with it: what is asked one at a time."""
    return urlsplit(feed.url or "").netloc.lower()


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16, key=_READER_VERSION).digest()
