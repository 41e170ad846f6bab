"""Rate limits with Discord's headers, in a time that a test moves."""

from typing import Any

import pytest

from bot.playground.clock import HandClock
from bot.playground.ratelimit import Limiter
from bot.playground.server import Server


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_a_channel_takes_five_messages_in_five_seconds(clock: HandClock) -> None:
    limiter = Limiter(clock)
    taken = [limiter.take("POST", "/channels/1/messages") for _ in range(6)]
    assert [v.retry_after_s for v in taken] == [0, 0, 0, 0, 0, 5]
    assert [v.headers["X-RateLimit-Remaining"] for v in taken] == ["4", "3", "2", "1", "0", "0"]
    assert limiter.take("POST", "/channels/2/messages").retry_after_s == 0
    assert limiter.take("PATCH", "/channels/1/messages/9").retry_after_s == 0
    clock.advance(4.99)
    assert limiter.take("POST", "/channels/1/messages").retry_after_s > 0
    clock.advance(0.02)
    assert limiter.take("POST", "/channels/1/messages").retry_after_s == 0


def test_a_bucket_is_the_same_for_a_route_and_counts_by_channel(clock: HandClock) -> None:
    limiter = Limiter(clock)
    one = limiter.take("POST", "/channels/1/messages").headers
    two = limiter.take("POST", "/channels/2/messages").headers
    other = limiter.take("GET", "/channels/1/messages").headers
    assert one["X-RateLimit-Bucket"] == two["X-RateLimit-Bucket"]
    assert one["X-RateLimit-Bucket"] != other["X-RateLimit-Bucket"]
    assert two["X-RateLimit-Remaining"] == "4"


def test_fifty_a_second_in_all_but_not_answers_to_interactions(clock: HandClock) -> None:
    limiter = Limiter(clock)
    for n in range(50):
        assert limiter.take("POST", f"/channels/{n}/messages").retry_after_s == 0
    verdict = limiter.take("POST", "/channels/99/messages")
    assert (verdict.scope, verdict.headers["X-RateLimit-Global"]) == ("global", "true")
    assert 0 < verdict.retry_after_s <= 1
    assert limiter.take("POST", "/interactions/1/t/callback").retry_after_s == 0
    assert limiter.take("POST", "/webhooks/1/t").retry_after_s == 0
    clock.advance(1)
    assert limiter.take("POST", "/channels/99/messages").retry_after_s == 0


async def test_a_429_has_discords_shape(still_server: Server, still_api: Any) -> None:
    path = f"/channels/{still_server.world.channel_named('general').id}/messages"
    answers = [await still_api("POST", path, {"content": "x"}) for _ in range(6)]
    last = answers[-1]
    assert [a.status for a in answers] == [200] * 5 + [429]
    assert last.body == {
        "message": "You are being rate limited.",
        "retry_after": 5.0,
        "global": False,
    }
    assert last.headers["Content-Type"] == "application/json"
    assert last.headers["X-RateLimit-Scope"] == "user"
    assert last.headers["X-RateLimit-Reset-After"] == "5.000"
    assert last.headers["Via"]
    assert last.headers["Retry-After"]


async def test_discord_py_waits_instead_of_provoking_a_429(server: Server, bot: Any) -> None:
    channel = bot.get_channel(int(server.world.channel_named("general").id))
    server.hub.requests.clear()
    for n in range(6):
        await channel.send(str(n))
    sent = [r for r in server.hub.requests if r.path.endswith("/messages")]
    assert [r.status for r in sent] == [200] * 6
    assert sent[5].seconds - sent[0].seconds >= 4.9
