"""The running bot: its tasks from the login to the last farewell, and what a reload takes up."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import discord

from bot import __version__, log, metrics
from bot.chat.client import TagwireClient
from bot.delivery import Courier
from bot.errors import TagwireError
from bot.ingest.poll import Poller
from bot.metrics import Metrics
from bot.settings import Settings, read
from bot.store import Store
from bot.store.retention import Limits
from bot.upkeep import Upkeep

_log = logging.getLogger(__name__)

# Together under the ten seconds that a supervisor usually grants before it kills.
DRAIN_S = 6.0
CLOSE_S = 3.0
RESTART_TASK_S = 5.0
COUNT_EVERY_S = 15.0
PARENT_EVERY_S = 1.0
TIDY_FIRST_S = 300.0
TIDY_EVERY_S = 86_400.0
SEARCH_EVERY_S = 5.0
SEARCH_LOOK_S = 0.5
# So long after the last search what makes it quick stays loaded.
SEARCH_KEPT = timedelta(minutes=10)
SEARCH_FAILED_S = 1_800.0

# What a running bot takes up at SIGHUP; all else needs a start.
RELOADABLE = frozenset(
    {"log_level", "poll_interval_s", "blocked_guilds"}
    | {"keep_days", "keep_articles", "view_days", "audit_days", "post_days", "left_days"}
)


def utc_now() -> datetime:
    """Return the moment: the one clock that everything started from here is handed."""
    return datetime.now(UTC)


class Parts:
    """The parts of a running bot, assembled and not yet at work."""

    def __init__(
        self,
        client: TagwireClient,
        courier: Courier,
        upkeep: Upkeep,
        poller: Poller,
        counts: Metrics,
        store: Store,
        settings: Settings,
    ) -> None:
        self.client = client
        self.courier = courier
        self.upkeep = upkeep
        self.poller = poller
        self.metrics = counts
        self.store = store
        self.settings = settings
        self._logs_in = asyncio.Event()

    async def work(self, stop: asyncio.Event, token: str) -> None:
        """Log in and work until `stop` is set, Discord refuses the token, or the login fails."""
        _log.info("app.started", extra={"version": __version__, "pid": os.getpid()})
        login = asyncio.create_task(self._connect(stop, token), name="gateway")
        tasks = [
            asyncio.create_task(_kept_up(lambda: self.poller.run(stop, utc_now)), name="poller"),
            asyncio.create_task(_kept_up(lambda: self._deliver(stop)), name="courier"),
            asyncio.create_task(_kept_up(lambda: self._keep(stop)), name="upkeep"),
            asyncio.create_task(_kept_up(self._count), name="outbox watch"),
            asyncio.create_task(_kept_up(self._tidy), name="retention"),
            asyncio.create_task(_kept_up(self._keep_search_quick), name="search"),
            asyncio.create_task(metrics.watch_loop(self.metrics), name="loop watch"),
            asyncio.create_task(self._end_with_parent(stop), name="parent watch"),
        ]
        ends = [asyncio.create_task(e.wait()) for e in (stop, self.courier.refused)]
        await asyncio.wait([login, *ends], return_when=asyncio.FIRST_COMPLETED)
        _log.info("app.stopping")
        stop.set()
        await self.courier.drain(DRAIN_S)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.client.close(), CLOSE_S)
        for task in (*tasks, *ends, login):
            task.cancel()
        await asyncio.gather(*tasks, *ends, return_exceptions=True)
        _raise_for(await asyncio.gather(login, return_exceptions=True))
        if self.courier.refused.is_set():
            raise TagwireError("delivery.unauthorised")
        _log.info("app.stopped")

    async def _connect(self, stop: asyncio.Event, token: str) -> None:
        # Entered before the wait: a client that was never entered cannot be closed.
        async with self.client:
            await self.courier.sit_out(utc_now(), stop)
            if not stop.is_set():
                self._logs_in.set()
                await self.client.start(token)

    async def _end_with_parent(self, stop: asyncio.Event) -> None:
        # A parent that is killed tells nobody; its children are then another process's.
        while self.settings.parent and os.getppid() == self.settings.parent:  # noqa: ASYNC110
            await asyncio.sleep(PARENT_EVERY_S)
        if self.settings.parent:
            stop.set()

    async def _count(self) -> None:
        while True:
            await self.courier.count(utc_now())
            await asyncio.sleep(COUNT_EVERY_S)

    async def _tidy(self) -> None:
        await asyncio.sleep(TIDY_FIRST_S)
        while True:
            chosen = self.settings
            limits = Limits(
                chosen.keep_days,
                chosen.keep_articles,
                chosen.view_days,
                chosen.audit_days,
                chosen.post_days,
                chosen.left_days,
            )
            tidied = await self.store.retention.tidy(limits, utc_now())
            _log.info("app.tidied", extra={n: getattr(tidied, n) for n in tidied.__slots__})
            await asyncio.sleep(TIDY_EVERY_S)

    async def _keep_search_quick(self) -> None:
        # The index answers until then: a start is not slowed by what makes it answer sooner.
        await self._ready()
        while True:
            started = time.monotonic()
            # Before anybody types or searches, neither is worth the memory of what it needs.
            for what in await self.store.names.warm() if self.store.names.is_asked else ():
                _log.info("app.names_sorted", extra={"what": what})
            try:
                if await self.store.beside.refresh(asked_since=utc_now() - SEARCH_KEPT):
                    extra = {"seconds": round(time.monotonic() - started)}
                    _log.info("app.postings_made", extra=extra)
            except OSError:
                # A full disk, say: search is right without, and trying costs a minute of a core.
                _log.warning("app.postings_failed", exc_info=True)
                await asyncio.sleep(SEARCH_FAILED_S)
            ends_at = time.monotonic() + SEARCH_EVERY_S
            # Whoever asks first is answered by the index; the next ones soon find it loaded.
            while (  # noqa: ASYNC110 - another thread says so
                time.monotonic() < ends_at
                and not self.store.beside.is_missed
                and not self.store.names.is_missed
            ):
                await asyncio.sleep(SEARCH_LOOK_S)

    def reload(self) -> None:
        """Read the settings again and take up those that a running bot can."""
        try:
            fresh = read()
        except TagwireError as error:
            _log.error(
                "app.reload_failed", extra={"key": error.key, "setting": error.params.get("name")}
            )
            return
        changed = {
            f.name: getattr(fresh, f.name)
            for f in fields(Settings)
            if f.name in RELOADABLE and getattr(fresh, f.name) != getattr(self.settings, f.name)
        }
        kept = (self.settings.given - RELOADABLE) | (fresh.given & RELOADABLE)
        self.settings = replace(self.settings, given=kept, **changed)
        log.set_level(self.settings.log_level)
        self.poller.set_interval(self.settings.fixed_poll_interval_s)
        self.client.ports = replace(self.client.ports, settings=self.settings)
        _log.info("app.reloaded", extra={"settings": ",".join(sorted(changed))})
        # On the loop's own turn: leaving asks Discord.
        self._leaving = asyncio.create_task(self.client.leave_blocked(), name="block list")

    async def _deliver(self, stop: asyncio.Event) -> None:
        # Forum tags and thread parents are known once the gateway has told of the guilds.
        await self._ready()
        await self.courier.run(stop)

    async def _keep(self, stop: asyncio.Event) -> None:
        await self._ready()
        await self.upkeep.run(stop)

    async def _ready(self) -> None:
        # A login that sits out a block has not begun yet, and cannot be waited for.
        await self._logs_in.wait()
        await self.client.wait_until_ready()


async def _kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Run a task to its end, and start it again when it dies of a defect."""
    while True:
        try:
            await work()
        except Exception:
            _log.exception("app.task_failed")
            await asyncio.sleep(RESTART_TASK_S)
        else:
            return


def _raise_for(results: Iterable[BaseException | None]) -> None:
    for result in results:
        if isinstance(result, discord.LoginFailure):
            raise TagwireError("delivery.unauthorised") from result
        if isinstance(result, Exception):
            raise TagwireError("app.gateway_failed", detail=str(result)) from result
