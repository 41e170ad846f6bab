"""Asks an address for its document: conditionally, within limits, and only where the guard allows.

Redirects are followed by hand, so that each hop is checked and a permanent move is known as one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot import __version__
from bot.errors import FetchError
from bot.ingest.addresses import Guard, RefusedAddressError, as_url
from bot.ingest.turns import Turns
from bot.model import Validators

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_REFUSING = frozenset({401, 403, 429, 503})
# Refusals whose body says more: an API's reason, or a check for robots.
_EXPLAINED = _REFUSING | {400, 404}
_API_CODE = re.compile(rb'"code"\s*:\s*"([a-z0-9_]{1,60})"')
_LONGEST_REASON = 4096
# What the pages of bot checks hold, whichever status they come with.
_CHALLENGE = re.compile(
    rb"(?i)cdn-cgi/challenge-platform|_cf_chl_|cf-browser-verification|<title>just a moment"
    rb"|<title>attention required! \| cloudflare|_Incapsula_Resource|ddos-guard|sucuri_cloudproxy"
    rb"|awswafcookiedomainlist|checking your browser before"
)
_PIECE = 64 * 1024
_DAY_S = 86_400
_SECONDS = re.compile(r"\d{1,12}")
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,12})")


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits of one fetch: decoded bytes, seconds in total and to connect, redirects followed."""

    body_bytes: int = 15 * 1024 * 1024
    total_s: float = 30.0
    connect_s: float = 10.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A good answer: status 200 with a body, or 304 without one.

    `url` is where it came from in the end. `permanent_url` is where a chain of permanent redirects
    from the asked address led, else None. `fresh_s` is how long the server promised no change.
    `total` is how many items a WordPress API says it has: a hint, and not always true.
    """

    status: int
    url: str
    body: bytes = b""
    content_type: str | None = None
    validators: Validators = field(default_factory=Validators)
    fresh_s: float = 0.0
    permanent_url: str | None = None
    total: int | None = None


def open_session(
    guard: Guard, caps: Caps | None = None, *, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """Return a session whose every connection passes the guard; the caller closes it."""
    caps = caps or Caps()
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            socket_factory=guard.socket_factory, resolver=resolver, limit=256, limit_per_host=4
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=caps.total_s, connect=caps.connect_s),
        trust_env=False,
        raise_for_status=False,
    )


def user_agent(contact: str | None = None) -> str:
    """Return the name the bot goes by: stable, with the operator's contact where one is set."""
    # A line break in the setting must not become a header of its own.
    shown = "".join(c for c in contact or "" if c.isprintable() and c.isascii())
    return f"Tagwire/{__version__} (feed reader{f'; +{shown}' if shown else ''})"


class Fetcher:
    """Fetches through a session handed in (open_session); `turns` keeps other processes apart."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        guard: Guard,
        *,
        contact: str | None = None,
        caps: Caps | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._session = session
        self._turns = turns
        self._guard = guard
        self._caps = caps or Caps()
        self._headers = {
            "User-Agent": user_agent(contact),
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip, deflate",
        }

    async def get(
        self, url: str, validators: Validators | None = None, *, now: datetime
    ) -> Fetched:
        """Return the document at an address, or that it is unchanged since the validators.

        Raises FetchError with a sentence a person can act on, for everything that can go wrong.
        """
        start = self._guard.checked(url)
        turn = self._turns.at(start.authority.lower()) if self._turns else nullcontext()
        try:
            async with turn, asyncio.timeout(self._caps.total_s):
                return await self._follow(start, validators or Validators(), now)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _as_fetch_error(error, start.host or "", self._caps) from error

    async def _follow(self, start: URL, validators: Validators, now: datetime) -> Fetched:
        url, permanent = start, start
        is_permanent = True
        for _ in range(self._caps.redirects + 1):
            async with self._session.get(
                url, headers=self._asking(validators), allow_redirects=False
            ) as answer:
                target = _target(answer)
                if target is None:
                    moved = None if permanent == start else str(permanent)
                    return await self._read(answer, validators, moved, now)
            is_permanent = is_permanent and answer.status in _PERMANENT
            url = self._guard.checked(str(url.join(as_url(target))))
            if is_permanent and may_be_kept(permanent, url):
                permanent = url
            else:
                is_permanent = False
        raise FetchError("ingest.fetch_redirects", host=start.host or "")

    def _asking(self, validators: Validators) -> dict[str, str]:
        headers = dict(self._headers)
        if validators.etag is not None:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified is not None:
            headers["If-Modified-Since"] = validators.last_modified
        return headers

    async def _read(
        self,
        answer: aiohttp.ClientResponse,
        asked: Validators,
        moved: str | None,
        now: datetime,
    ) -> Fetched:
        current_s = fresh_s(answer.headers, now)
        host = answer.url.host or ""
        got = Validators(_validator(answer, "ETag"), _validator(answer, "Last-Modified"))
        if answer.status == 304 and asked != Validators():
            kept = Validators(got.etag or asked.etag, got.last_modified or asked.last_modified)
            return Fetched(304, str(answer.url), b"", None, kept, current_s, moved)
        if answer.status not in (200, 203):
            raise await _refusal(answer, host, now)
        body = await self._body(answer, host)
        kind = answer.headers.get("Content-Type")
        if _is_challenge(answer, body):
            raise FetchError("ingest.fetch_challenge", status=answer.status, host=host)
        if not body.strip():
            raise FetchError("ingest.fetch_empty", status=answer.status, host=host)
        total = answer.headers.get("X-WP-Total", "").strip()
        counted = int(total) if _SECONDS.fullmatch(total) else None
        return Fetched(200, str(answer.url), body, kind, got, current_s, moved, counted)

    async def _body(self, answer: aiohttp.ClientResponse, host: str) -> bytes:
        cap = self._caps.body_bytes
        too_large = FetchError("ingest.fetch_too_large", host=host, limit=cap // (1024 * 1024))
        if (answer.content_length or 0) > cap:
            raise too_large
        body = bytearray()
        # Counted after decoding: a small compressed answer can stand for any size.
        async for piece in answer.content.iter_chunked(_PIECE):
            body += piece
            if len(body) > cap:
                answer.close()
                raise too_large
        return bytes(body)


def may_be_kept(before: URL, after: URL) -> bool:
    """Tell whether a permanent move may be kept: one from https to http is followed only."""
    return not (before.scheme == "https" and after.scheme == "http")


def _target(answer: aiohttp.ClientResponse) -> str | None:
    return answer.headers.get("Location") if answer.status in _REDIRECTS else None


def _validator(answer: aiohttp.ClientResponse, name: str) -> str | None:
    value = answer.headers.get(name)
    # What is not UTF-8 could neither be stored nor sent back as it came.
    return value if value and value.isprintable() else None


async def _refusal(answer: aiohttp.ClientResponse, host: str, now: datetime) -> FetchError:
    status = answer.status
    wait_s = retry_after_s(answer.headers, now) if status in (429, 503) else None
    start = await answer.content.read(_PIECE) if status in _EXPLAINED else b""
    answer.close()
    if status == 410:
        return FetchError("ingest.fetch_gone", status=status, gone=True, host=host)
    if status in _REFUSING and start and _is_challenge(answer, start):
        key = "ingest.fetch_challenge"
    elif status in (401, 403):
        key = "ingest.fetch_forbidden"
    elif status == 404:
        key = "ingest.fetch_absent"
    elif status == 429:
        key = "ingest.fetch_too_often"
    elif status >= 500:
        key = "ingest.fetch_server"
    else:
        key = "ingest.fetch_status"
    return FetchError(
        key, status=status, retry_after_s=wait_s, reason=_reason(start), host=host, code=status
    )


def _reason(start: bytes) -> str | None:
    """Return the code that an API gives with its refusal, such as rest_no_route."""
    found = _API_CODE.search(start[:_LONGEST_REASON]) if start.lstrip()[:1] == b"{" else None
    return found[1].decode("ascii") if found else None


def _is_challenge(answer: aiohttp.ClientResponse, body: bytes) -> bool:
    if answer.headers.get("cf-mitigated", "").lower() == "challenge":
        return True
    is_page = body[:1024].lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))
    return is_page and _CHALLENGE.search(body[:_PIECE]) is not None


def _as_fetch_error(error: Exception, host: str, caps: Caps) -> FetchError:
    # The chain of causes names addresses and ports tried: people get the kind alone.
    match error:
        case TimeoutError():
            return FetchError("ingest.fetch_timeout", host=host, seconds=round(caps.total_s))
        case aiohttp.ClientConnectorDNSError():
            return FetchError("ingest.fetch_dns", host=host)
        case aiohttp.ClientSSLError():
            return FetchError("ingest.fetch_tls", host=host)
        case aiohttp.ClientConnectorError(os_error=RefusedAddressError()):
            return FetchError("ingest.fetch_refused", host=host)
        case aiohttp.ClientConnectorError():
            return FetchError("ingest.fetch_connect", host=host)
        case aiohttp.InvalidURL() | UnicodeError():
            return FetchError("ingest.fetch_address", address=host[:100])
        case _:
            return FetchError("ingest.fetch_broken", host=host)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> int | None:
    """Return the seconds of a Retry-After, capped at a day, or None when absent or unreadable.

    A date is measured against the server's own Date, whose clock may differ from ours.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return min(int(value), _DAY_S)
    moment = _http_date(value)
    if moment is None:
        return None
    wait_s = (moment - (_http_date(headers.get("Date", "")) or now)).total_seconds()
    return min(int(wait_s), _DAY_S) if wait_s > 0 else None


def fresh_s(headers: Mapping[str, str], now: datetime) -> float:
    """Return for how many seconds the server says its answer stays current, 0 when it says not."""
    control = headers.get("Cache-Control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return 0.0
    if given := _MAX_AGE.search(control):
        age = headers.get("Age", "").strip()
        return max(0.0, float(given[1]) - (float(age) if _SECONDS.fullmatch(age) else 0.0))
    expires = _http_date(headers.get("Expires", ""))
    if expires is None:
        return 0.0
    return max(0.0, (expires - (_http_date(headers.get("Date", "")) or now)).total_seconds())


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
