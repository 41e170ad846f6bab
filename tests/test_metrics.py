import asyncio
import contextlib

import aiohttp
import pytest

from bot.metrics import Metrics, serve, watch_loop
from bot.store import Store


def test_two_instances_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.polls.labels("new").inc()
    assert b'tagwire_polls_total{outcome="new"} 1.0' in one.text()
    assert b'outcome="new"' not in other.text()


def test_a_failing_command_is_counted_as_failed() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError), metrics.answering("tag"):
        raise ValueError
    with metrics.answering("tag"):
        pass
    text = metrics.text().decode()
    assert 'tagwire_interactions_total{command="tag",outcome="failed"} 1.0' in text
    assert 'tagwire_interactions_total{command="tag",outcome="answered"} 1.0' in text
    assert 'tagwire_interaction_seconds_count{command="tag"} 2.0' in text


async def test_loop_lag_is_measured() -> None:
    metrics = Metrics()
    task = asyncio.create_task(watch_loop(metrics, 0.01))
    await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert b"tagwire_loop_lag_seconds_count 0.0" not in metrics.text()


async def test_metrics_health_and_readiness_are_served() -> None:
    metrics = Metrics()
    is_ready = False
    runner = await serve(metrics, "127.0.0.1", 0, lambda: is_ready)
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        async with session.get(base + "/metrics") as answer:
            assert "tagwire_outbox_age_seconds" in await answer.text()
        async with session.get(base + "/healthz") as answer:
            assert answer.status == 200
        async with session.get(base + "/readyz") as answer:
            assert answer.status == 503
        is_ready = True
        async with session.get(base + "/readyz") as answer:
            assert answer.status == 200
    await runner.cleanup()


async def test_calls_of_the_store_are_timed_by_kind(store: Store) -> None:
    counts = Metrics()
    store.observe(counts.watch_database())
    await store.meta.set("a", "b")
    await store.meta.get("a")
    text = counts.text().decode()
    assert 'tagwire_database_seconds_count{call="write"} 1.0' in text
    assert 'tagwire_database_seconds_count{call="read"} 1.0' in text
