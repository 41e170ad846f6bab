"""Metrics: every name chosen once, in an object that app makes and hands around.

A leaf: any floor may count here. `/metrics`, `/healthz` and `/readyz` are served from one port.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from aiohttp import web

_ANSWER_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.5, 3.0)
_LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0)


class Metrics:
    """All counters and gauges of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.interactions = Counter(
            "tagwire_interactions", "Interactions answered", ("command", "outcome"), registry=r
        )
        self.interaction_seconds = Histogram(
            "tagwire_interaction_seconds",
            "Seconds from an interaction to its answer",
            ("command",),
            buckets=_ANSWER_BUCKETS,
            registry=r,
        )
        self.polls = Counter("tagwire_polls", "Feeds polled", ("outcome",), registry=r)
        self.articles = Counter("tagwire_articles", "Articles recorded", ("change",), registry=r)
        self.deliveries = Counter(
            "tagwire_deliveries", "Tries to post, by what became of them", ("outcome",), registry=r
        )
        self.delivery_seconds = Histogram(
            "tagwire_delivery_seconds",
            "Seconds from an article's recording to its post",
            buckets=(0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600),
            registry=r,
        )
        self.outbox_age_seconds = Gauge(
            "tagwire_outbox_age_seconds", "Age of the oldest post that is due", registry=r
        )
        self.outbox_waiting = Gauge("tagwire_outbox_waiting", "Posts waiting", registry=r)
        self.rate_limit_waits = Counter(
            "tagwire_rate_limit_wait_seconds", "Seconds waited for rate limits", registry=r
        )
        self.database_seconds = Histogram(
            "tagwire_database_seconds",
            "Seconds a call of the store took",
            ("call",),
            buckets=_ANSWER_BUCKETS,
            registry=r,
        )
        self.loop_lag_seconds = Histogram(
            "tagwire_loop_lag_seconds",
            "How late the event loop was",
            buckets=_LAG_BUCKETS,
            registry=r,
        )

    @contextmanager
    def answering(self, command: str) -> Iterator[None]:
        """Count one interaction and its seconds; an exception counts as failed and goes on."""
        started = time.perf_counter()
        outcome = "failed"
        try:
            yield
            outcome = "answered"
        finally:
            self.interactions.labels(command, outcome).inc()
            self.interaction_seconds.labels(command).observe(time.perf_counter() - started)

    def watch_database(self) -> Callable[[str, float], None]:
        """Return what counts a call of the store; the labels are looked up once."""
        seen = {call: self.database_seconds.labels(call) for call in ("read", "write")}
        return lambda call, seconds: seen[call].observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)


async def watch_loop(metrics: Metrics, interval_s: float = 0.25) -> None:
    """Measure how late the event loop is, for ever; run it as a task."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + interval_s
        await asyncio.sleep(interval_s)
        metrics.loop_lag_seconds.observe(max(0.0, loop.time() - due))


async def serve(metrics: Metrics, host: str, port: int, ready: Callable[[], bool]) -> web.AppRunner:
    """Serve metrics and health on a port until the returned runner is cleaned up."""
    # A floor that only counts should not pay for loading a web server.
    from aiohttp import web

    async def answer_metrics(_: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), content_type="text/plain", charset="utf-8")

    async def answer_health(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def answer_ready(_: web.Request) -> web.Response:
        return (
            web.Response(text="ready\n") if ready() else web.Response(status=503, text="not yet\n")
        )

    app = web.Application()
    app.router.add_get("/metrics", answer_metrics)
    app.router.add_get("/healthz", answer_health)
    app.router.add_get("/readyz", answer_ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
