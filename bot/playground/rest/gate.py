"""What each REST request passes: faults, the token, rate limits, the log of requests."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from bot.playground.faults import (
    Action,
    Call,
    Drop,
    HalfJson,
    Moment,
    Refuse,
    Silence,
    Slow,
    Status,
    TooMany,
)
from bot.playground.feed import item_of
from bot.playground.hub import Hub, Request
from bot.playground.interactions import AUTOCOMPLETE, Interaction, typed
from bot.playground.refusals import Json, Refused
from bot.playground.rest.context import FORM, INTERACTIONS, UPLOADS, answer, hub_of, read_form

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIX = "/api/v10"
KEPT_REQUESTS = 200_000
OPEN = ("/interactions/", "/webhooks/", "/gateway")


@dataclass(slots=True)
class Passage:
    """One request on its way through."""

    hub: Hub
    request: web.Request
    path: str
    actions: list[Action] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    stored: bool = False

    @property
    def method(self) -> str:
        """Return the request's method."""
        return self.request.method

    async def at(self, moment: Moment, about: object) -> None:
        """Run the hooks and the planned calls of a moment."""
        self.hub.faults.tell(moment, self.method, self.path, about)
        for action in self.actions:
            if isinstance(action, Call) and action.moment is moment:
                action.callback()


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through to its function, or answer in its place."""
    hub = hub_of(request)
    passage = Passage(hub, request, request.path.removeprefix(PREFIX))
    try:
        request[FORM], request[UPLOADS] = await read_form(request)
    except Refused as no:
        request[FORM], request[UPLOADS] = None, ()
        return await _finish(passage, answer(no.body(), no.status))
    passage.actions = hub.faults.take(request.method, passage.path)
    await passage.at(Moment.RECEIVED, request[FORM])
    response = await _before(passage)
    if response is None:
        response = await _handle(passage, handler)
        await passage.at(Moment.STORED, _content(response))
        response = await _after(passage, response)
    return await _finish(passage, response)


async def _handle(passage: Passage, handler: Handler) -> web.Response:
    hub, request = passage.hub, passage.request
    try:
        _check_token(passage)
        verdict = hub.limiter.take(request.method, passage.path)
        passage.headers = verdict.headers
        if verdict.retry_after_s > 0:
            return too_many(verdict.retry_after_s, verdict.scope)
        response = cast(web.Response, await handler(request))
        passage.stored = True
        return response
    except Refused as no:
        response = answer(no.body(), no.status)
        if no.status == 429:
            response.headers.update(_limited(no.body()["retry_after"], "user"))
        return response
    except web.HTTPException as no:
        return answer({"message": f"{no.status}: {no.reason}", "code": 0}, no.status)


def _check_token(passage: Passage) -> None:
    if passage.path.startswith(OPEN) and not passage.path.startswith("/gateway/bot"):
        return
    if passage.request.headers.get("Authorization") != f"Bot {passage.hub.token}":
        raise Refused(401, 0, "401: Unauthorized")


async def _before(passage: Passage) -> web.Response | None:
    for action in passage.actions:
        match action:
            case Slow(seconds):
                await asyncio.sleep(seconds)
            case Status(status, False, body):
                return _plain(status, body)
            case Refuse(status, code, message):
                return answer({"message": message, "code": code}, status)
            case TooMany(seconds, everywhere, cloudflare, scope):
                if cloudflare:
                    return _cloudflare(seconds)
                return too_many(seconds, "global" if everywhere else scope)
            case Drop(False):
                return _cut(passage)
            case Silence(False):
                return await _never(passage)
            case _:
                pass
    return None


async def _after(passage: Passage, response: web.Response) -> web.Response:
    for action in passage.actions:
        match action:
            case Status(status, True, body):
                return _plain(status, body)
            case Drop(True):
                return _cut(passage)
            case Silence(True):
                return await _never(passage)
            case HalfJson():
                return _half(response)
            case _:
                pass
    return response


async def _finish(passage: Passage, response: web.Response) -> web.StreamResponse:
    request, hub = passage.request, passage.hub
    response.headers.setdefault("Via", "1.1 google")
    for name, value in passage.headers.items():
        response.headers.setdefault(name, value)
    content = _content(response)
    now, seconds = hub.clock.now(), hub.clock.monotonic()
    form = request[FORM]
    log = Request(
        now,
        seconds,
        request.method,
        passage.path,
        dict(request.query),
        form,
        response.status,
        content,
        passage.stored,
    )
    hub.requests.append(log)
    if len(hub.requests) > KEPT_REQUESTS:
        del hub.requests[: KEPT_REQUESTS // 4]
    _trace(passage, log, response)
    if request.transport is not None and not request.transport.is_closing():
        await response.prepare(request)
        await response.write_eof()
    await passage.at(Moment.ANSWERED, content)
    return response


def _trace(passage: Passage, log: Request, response: web.Response) -> None:
    detail: Json = {"status": log.status}
    if limit := _limit(log, response.headers):
        detail["rate limit"] = limit
    if log.status >= 400:
        detail["answer"] = log.answer
    interaction = _interaction(passage)
    text, of = f"{log.method} {_short(log.path)} → {log.status}", item_of(log.body)
    if interaction is not None:
        of = interaction.id
        waited_ms = round((log.seconds - interaction.started) * 1000)
        detail["since the interaction"] = f"{waited_ms} ms"
        if interaction.type == AUTOCOMPLETE:
            found = len(((log.body or {}).get("data") or {}).get("choices") or [])
            text = f"autocomplete {typed(interaction.data)} → {found} in {waited_ms} ms"
            passage.hub.note("autocomplete", text, detail, "autocomplete")
            return
    passage.hub.note("rest", text, detail, of)


def _limit(log: Request, headers: Mapping[str, str]) -> str:
    """Say what is left of the request's bucket, or how long it must wait."""
    if log.status == 429 and isinstance(log.answer, dict):
        scope = headers.get("X-RateLimit-Scope", "user")
        return f"limited ({scope}), again in {log.answer['retry_after']} s"
    if headers.get("X-RateLimit-Remaining") is None:
        return ""
    return (
        f"{headers['X-RateLimit-Remaining']} of {headers['X-RateLimit-Limit']} left,"
        f" whole again in {headers['X-RateLimit-Reset-After']} s"
    )


def _interaction(passage: Passage) -> Interaction | None:
    """Return the interaction that a request answers or follows up."""
    parts = passage.path.split("/")
    if len(parts) < 4 or parts[1] not in ("interactions", "webhooks"):
        return None
    return passage.request.config_dict[INTERACTIONS].by_token.get(parts[3])


def _short(path: str) -> str:
    parts = path.split("/")
    if len(parts) > 3 and parts[1] in ("interactions", "webhooks"):
        parts[3] = "…"
    return "/".join(parts)


def too_many(retry_after_s: float, scope: str) -> web.Response:
    """Return Discord's 429 for a scope: user, shared or global."""
    body: Json = {
        "message": "You are being rate limited.",
        "retry_after": round(retry_after_s, 3),
        "global": scope == "global",
    }
    response = answer(body, 429)
    response.headers.update(_limited(retry_after_s, scope))
    return response


def _limited(retry_after_s: float, scope: str) -> dict[str, str]:
    headers = {"Retry-After": str(int(retry_after_s) + 1), "X-RateLimit-Scope": scope}
    return headers | ({"X-RateLimit-Global": "true"} if scope == "global" else {})


def _cloudflare(retry_after_s: float) -> web.Response:
    page = "<!doctype html><title>Access denied | discord.com used Cloudflare</title>Error 1015"
    response = web.Response(text=page, status=429, content_type="text/html")
    response.headers.update({"Retry-After": str(int(retry_after_s)), "Via": ""})
    return response


def _half(response: web.Response) -> web.Response:
    whole = response.body if isinstance(response.body, bytes) else b"{}"
    kind = {"Content-Type": "application/json"}
    return web.Response(body=whole[: len(whole) // 2], status=200, headers=kind)


def _plain(status: int, body: str) -> web.Response:
    kind = "application/json" if body.startswith("{") else "text/html"
    return web.Response(body=body.encode(), status=status, headers={"Content-Type": kind})


def _cut(passage: Passage) -> web.Response:
    if passage.request.transport is not None:
        passage.request.transport.abort()
    return web.Response(status=444)


async def _never(passage: Passage) -> web.Response:
    await passage.hub.faults.closing.wait()
    return _cut(passage)


def _content(response: web.Response) -> Any:
    if not isinstance(response.body, bytes):
        return None
    try:
        return json.loads(response.body)
    except ValueError:
        return response.body.decode(errors="replace")
