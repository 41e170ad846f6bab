"""How a request to Discord is paced, counted and read when it fails."""

from __future__ import annotations

import re
import time
from typing import Any

import aiohttp

from bot.chat.outcomes import CLOUDFLARE_SILENCE_S, Wire, asked_s, is_wall
from bot.chat.patience import leave_doubt
from bot.chat.webhooks import POSTING
from bot.metrics import Metrics
from bot.quota import Pace, Silenced

TOO_MANY = 429
WIRE = Wire(unsent=(aiohttp.ClientConnectorError, Silenced), unclear=(aiohttp.ClientError,))

_UNCOUNTED = re.compile(r"/(interactions|webhooks)/")
# Starting a forum post takes no nonce, and a server's error may have made it.
_UNREPEATABLE = re.compile(r"/channels/\d+/threads$")


class Unanswered(aiohttp.ClientError):
    """A server's error where asking again could do a thing twice."""


def paced(pace: Pace, counts: Metrics) -> aiohttp.TraceConfig:
    """Return hooks that let each request to Discord wait for its place, and count the waits.

    A block or a limit for the whole bot holds up every request, whichever met it. What no nonce
    protects is not asked again by discord.py: it is looked for first.
    """
    trace = aiohttp.TraceConfig()

    async def begin(_: aiohttp.ClientSession, context: Any, about: Any) -> None:
        # The answers to commands and buttons are not counted by Discord, and never wait.
        context.counted = False
        if "/api/" not in about.url.path:
            return
        if _UNCOUNTED.search(about.url.path) and context.trace_request_ctx != POSTING:
            pace.check()
            return
        started = time.perf_counter()
        await pace.take()
        context.counted = True
        counts.rate_limit_waits.inc(time.perf_counter() - started)

    async def end(_: aiohttp.ClientSession, context: Any, about: Any) -> None:
        answer = getattr(about, "response", None)
        if answer is not None and answer.status == TOO_MANY:
            asked = asked_s(answer.headers) or 0.0
            counts.rate_limit_waits.inc(asked)
            if is_wall(answer.headers):
                pace.be_silent(max(CLOUDFLARE_SILENCE_S, asked))
            elif answer.headers.get("X-RateLimit-Scope") == "global":
                pace.hold(asked)
        if context.counted:
            context.counted = False
            pace.give_back()
        failed = answer is not None and answer.status >= 500 and about.method == "POST"
        if failed:
            leave_doubt()
        by_webhook = context.trace_request_ctx == POSTING
        if failed and (by_webhook or _UNREPEATABLE.search(about.url.path)):
            raise Unanswered

    trace.on_request_start.append(begin)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(end)
    return trace
