"""Assembles the bot: opens the store and the sessions, hands the cogs their ports.

What was opened is closed in reverse, whichever way the bot ends.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import aiohttp
import discord

from bot import metrics, starts
from bot.app.parts import Parts, utc_now
from bot.app.wire import WIRE, paced
from bot.chat.amend import DiscordAmender
from bot.chat.checkup import check_discord
from bot.chat.client import Ports, TagwireClient
from bot.chat.post import DiscordPoster
from bot.delivery import Courier
from bot.errors import TagwireError
from bot.ingest.addresses import Guard
from bot.ingest.desk import Desk
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.identity import link_key
from bot.ingest.poll import Poller, Rhythm
from bot.ingest.turns import Turns
from bot.ingest.worker import READING, Workers
from bot.metrics import Metrics
from bot.model import Finding, Target
from bot.quota import Pace
from bot.settings import Settings
from bot.store import Store
from bot.trace import Trace
from bot.upkeep import Upkeep

TURN_S = 0.001


def favour_the_loop() -> None:
    """Keep the event loop's waits for the interpreter short: called once all is imported.

    The collector no longer walks what was imported, and a thread that reads, hashes or records
    gives way after a millisecond: by Python's own 5 ms, two such threads make an answer late.
    """
    gc.freeze()
    sys.setswitchinterval(TURN_S)


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop. Raises TagwireError for what a person has to mend."""
    if not settings.token:
        raise TagwireError("app.token_missing")
    stop = asyncio.Event()
    with _stopped_by_signals(stop):
        async with assembled(settings) as parts:
            if not settings.discord_api:
                await starts.take_turn(parts.store, utc_now(), stop)
            if stop.is_set():
                return
            with reloaded_by_signal(parts):
                await parts.work(stop, settings.token)


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything the bot needs, in order, and close it in reverse."""
    counts = Metrics()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(settings.data))
        store.lock_instance()
        store.observe(counts.watch_database())
        store.settle(settings.correction_delay_s)
        trace = Trace(settings.trace_fd) if settings.trace_fd else None
        if trace is not None:
            store.trace(trace.tell)
        guard = Guard(allow_private=settings.allow_private_feeds, ports=settings.feed_ports)
        session = await stack.enter_async_context(open_session(guard))
        workers = await stack.enter_async_context(Workers(limits=READING))
        turns = stack.enter_context(Turns.open(settings.data, settings.host_gap_s))
        fetcher = Fetcher(session, guard, contact=settings.contact, turns=turns)
        rhythm = Rhythm(
            fixed_s=settings.fixed_poll_interval_s,
            host_gap_s=settings.host_gap_s,
            concurrency=settings.poll_concurrency,
        )
        owed = asyncio.Event()
        poller = Poller(store, fetcher, workers, metrics=counts, rhythm=rhythm, owed=owed)
        desk = Desk(store, fetcher, workers, poller, feeds_per_guild=settings.feeds_per_guild)
        ports = Ports(
            store=store,
            feeds=desk,
            now=utc_now,
            settings=settings,
            metrics=counts,
            link_key=link_key,
            begun=trace.begin if trace is not None else None,
        )
        pace = Pace()
        client = TagwireClient(
            ports,
            api=settings.discord_api,
            http_trace=paced(pace, counts),
            shards=settings.shards,
        )
        poster = DiscordPoster(client, WIRE, client.say_in)
        upkeep = Upkeep(store, DiscordAmender(client, WIRE, client.say_in), now=utc_now)
        courier = Courier(store, poster, now=utc_now, metrics=counts, owed=owed, pace=pace)
        if settings.metrics_port:
            served = await metrics.serve(
                counts, settings.metrics_host, settings.metrics_port, client.is_ready
            )
            stack.push_async_callback(served.cleanup)
        yield Parts(client, courier, upkeep, poller, counts, store, settings)


async def examine_discord(settings: Settings, targets: Sequence[Target]) -> tuple[Finding, ...]:
    """Look at Discord for the doctor; what cannot be reached is a finding too."""
    try:
        return await check_discord(settings.token or "", settings.discord_api, targets)
    except (aiohttp.ClientError, discord.DiscordException, OSError, TimeoutError) as error:
        key = "doctor.discord_unreachable"
        params = {"what": type(error).__name__}
        return (Finding("discord", "error", key, params, f"{key}_remedy"),)


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


@contextmanager
def reloaded_by_signal(parts: Parts) -> Iterator[None]:
    """Read the settings again on SIGHUP while the block runs."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, parts.reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
