"""The running bot, and the only place where its parts meet.

Opens the store and the sessions, starts the tasks, hands the cogs their ports, closes in reverse.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import discord

from bot import __version__, metrics
from bot.chat.amend import DiscordAmender
from bot.chat.checkup import check_discord
from bot.chat.client import Ports, TagwireClient
from bot.chat.outcomes import Wire
from bot.chat.post import DiscordPoster
from bot.delivery import Courier, Pace
from bot.errors import TagwireError
from bot.ingest.addresses import Guard
from bot.ingest.desk import Desk
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.poll import Poller, Rhythm
from bot.ingest.worker import Workers
from bot.metrics import Metrics
from bot.model import Finding, Target
from bot.settings import Settings
from bot.store import Store
from bot.upkeep import Upkeep

_log = logging.getLogger(__name__)

# Together under the ten seconds that a supervisor usually grants before it kills.
DRAIN_S = 6.0
CLOSE_S = 3.0
RESTART_TASK_S = 5.0
COUNT_EVERY_S = 15.0

WIRE = Wire(unsent=(aiohttp.ClientConnectorError,), unclear=(aiohttp.ClientError,))


_UNCOUNTED = re.compile(r"/(interactions|webhooks)/")


def utc_now() -> datetime:
    """Return the moment: the one clock that everything started from here is handed."""
    return datetime.now(UTC)


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop. Raises TagwireError for what a person has to mend."""
    if not settings.token:
        raise TagwireError("app.token_missing")
    stop = asyncio.Event()
    with _stopped_by_signals(stop):
        async with assembled(settings) as parts:
            await parts.work(stop, settings.token)


class Parts:
    """The parts of a running bot, assembled and not yet at work."""

    def __init__(
        self,
        client: TagwireClient,
        courier: Courier,
        upkeep: Upkeep,
        poller: Poller,
        counts: Metrics,
    ) -> None:
        self.client = client
        self.courier = courier
        self.upkeep = upkeep
        self.poller = poller
        self.metrics = counts

    async def work(self, stop: asyncio.Event, token: str) -> None:
        """Log in and work until `stop` is set, Discord refuses the token, or the login fails."""
        _log.info("app.started", extra={"version": __version__, "pid": os.getpid()})
        login = asyncio.create_task(_connect(self.client, token), name="gateway")
        tasks = [
            asyncio.create_task(_kept_up(lambda: self.poller.run(stop, utc_now)), name="poller"),
            asyncio.create_task(_kept_up(lambda: self._deliver(stop)), name="courier"),
            asyncio.create_task(_kept_up(lambda: self._keep(stop)), name="upkeep"),
            asyncio.create_task(_kept_up(self._count), name="outbox watch"),
            asyncio.create_task(metrics.watch_loop(self.metrics), name="loop watch"),
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

    async def _count(self) -> None:
        while True:
            await self.courier.count(utc_now())
            await asyncio.sleep(COUNT_EVERY_S)

    async def _deliver(self, stop: asyncio.Event) -> None:
        # Forum tags and thread parents are known once the gateway has told of the guilds.
        await self.client.wait_until_ready()
        await self.courier.run(stop)

    async def _keep(self, stop: asyncio.Event) -> None:
        await self.client.wait_until_ready()
        await self.upkeep.run(stop)


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything the bot needs, in order, and close it in reverse."""
    counts = Metrics()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(settings.data))
        store.lock_instance()
        guard = Guard(allow_private=settings.allow_private_feeds, ports=settings.feed_ports)
        session = await stack.enter_async_context(open_session(guard))
        workers = await stack.enter_async_context(Workers())
        fetcher = Fetcher(session, guard, contact=settings.contact)
        rhythm = Rhythm(
            fixed_s=settings.fixed_poll_interval_s,
            host_gap_s=settings.host_gap_s,
            concurrency=settings.poll_concurrency,
        )
        owed = asyncio.Event()
        poller = Poller(store, fetcher, workers, metrics=counts, rhythm=rhythm, owed=owed)
        desk = Desk(store, fetcher, workers, poller, feeds_per_guild=settings.feeds_per_guild)
        ports = Ports(store=store, feeds=desk, now=utc_now, settings=settings, metrics=counts)
        pace = Pace()
        client = TagwireClient(ports, api=settings.discord_api, http_trace=paced(pace))
        poster = DiscordPoster(client, WIRE)
        upkeep = Upkeep(store, DiscordAmender(client, WIRE), now=utc_now)
        courier = Courier(store, poster, now=utc_now, metrics=counts, owed=owed, pace=pace)
        if settings.metrics_port:
            served = await metrics.serve(
                counts, settings.metrics_host, settings.metrics_port, client.is_ready
            )
            stack.push_async_callback(served.cleanup)
        yield Parts(client, courier, upkeep, poller, counts)


async def examine_discord(settings: Settings, targets: Sequence[Target]) -> tuple[Finding, ...]:
    """Look at Discord for the doctor; what cannot be reached is a finding too."""
    try:
        return await check_discord(settings.token or "", settings.discord_api, targets)
    except (aiohttp.ClientError, discord.DiscordException, OSError, TimeoutError) as error:
        key = "doctor.discord_unreachable"
        params = {"what": type(error).__name__}
        return (Finding("discord", "error", key, params, f"{key}_remedy"),)


def paced(pace: Pace) -> aiohttp.TraceConfig:
    """Return hooks that let each request to Discord wait for its place under the limit."""
    trace = aiohttp.TraceConfig()

    async def begin(_: aiohttp.ClientSession, context: Any, about: Any) -> None:
        # The answers to commands and buttons are not counted (discord.md 1.4), and never wait.
        counted = "/api/" in about.url.path and not _UNCOUNTED.search(about.url.path)
        if counted:
            await pace.take()
        context.counted = counted

    async def end(_: aiohttp.ClientSession, context: Any, about: Any) -> None:
        if context.counted:
            pace.give_back()

    trace.on_request_start.append(begin)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(end)
    return trace


async def _connect(client: TagwireClient, token: str) -> None:
    async with client:
        await client.start(token)


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


@contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set an event on SIGTERM and SIGINT while the block runs."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
