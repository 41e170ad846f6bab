"""Fetching from a real loopback server; the guard's faults F37, the caps of F38, F43 to F45."""

import asyncio
import contextlib
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from socket import AF_INET

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.errors import FetchError
from bot.ingest.addresses import Guard
from bot.ingest.fetch import (
    Caps,
    Fetcher,
    fresh_s,
    may_be_kept,
    open_session,
    retry_after_s,
    user_agent,
)
from bot.messages import catalogue
from bot.model import Validators
from tests.ingest.loopback import FEED, Site

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
DATE = "Mon, 04 May 2026 10:30:00 GMT"


@asynccontextmanager
async def fetching(
    *, allow_private: bool = True, caps: Caps | None = None
) -> AsyncIterator[Fetcher]:
    guard = Guard(allow_private)
    async with open_session(guard, caps) as session:
        yield Fetcher(session, guard, contact="ops@example.org", caps=caps)


async def failure(fetcher: Fetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetcher.get(url, now=NOW)
    assert catalogue().say(caught.value.key, **caught.value.params)
    return caught.value


async def test_a_document_comes_with_its_validators_and_type(site: Site) -> None:
    url = site.answers(
        "/feed",
        ETag='W/"a-gzip"',
        Last_Modified="Mon, 4 May",
        Content_Type="application/rss+xml",
    )
    async with fetching() as fetcher:
        fetched = await fetcher.get(url, now=NOW)
    assert (fetched.status, fetched.body, fetched.url) == (200, FEED, url)
    assert fetched.content_type == "application/rss+xml"
    assert fetched.validators == Validators('W/"a-gzip"', "Mon, 4 May")
    assert fetched.permanent_url is None


@pytest.mark.fault("F43")
async def test_validators_are_echoed_byte_for_byte(site: Site) -> None:
    url = site.answers("/feed", b"", 304, Last_Modified="Tue, 5 May 26")
    given = Validators('W/"a-gzip"', "yesterday-ish")
    async with fetching() as fetcher:
        fetched = await fetcher.get(url, given, now=NOW)
    [request] = site.requests
    assert request.headers["If-None-Match"] == 'W/"a-gzip"'
    assert request.headers["If-Modified-Since"] == "yesterday-ish"
    assert fetched.status == 304
    assert fetched.validators == Validators('W/"a-gzip"', "Tue, 5 May 26")


async def test_a_request_names_itself_and_carries_nothing_else(site: Site) -> None:
    url = site.answers("/feed", Set_Cookie="a=b")
    async with fetching() as fetcher:
        await fetcher.get(url, now=NOW)
        await fetcher.get(url, now=NOW)
    for request in site.requests:
        assert request.headers["User-Agent"] == user_agent("ops@example.org")
        assert request.headers["Accept-Encoding"] == "gzip, deflate"
        for absent in ("Cookie", "Referer", "Authorization", "If-None-Match", "If-Modified-Since"):
            assert absent not in request.headers
        assert request.query_string == ""


def test_the_contact_cannot_add_a_header() -> None:
    assert "\n" not in user_agent("me\r\nX-Bad: 1")
    assert user_agent("https://example.org/bot").endswith("(feed reader; +https://example.org/bot)")


async def test_a_304_that_nobody_asked_for_is_an_error(site: Site) -> None:
    url = site.answers("/feed", b"", 304)
    async with fetching() as fetcher:
        assert (await failure(fetcher, url)).key == "ingest.fetch_status"


@pytest.mark.fault("F37")
@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/inner",
        "http://[::ffff:127.0.0.1]:{port}/inner",
        "http://0x7f.1:{port}/inner",
        "http://2130706433:{port}/inner",
        "http://127.1:{port}/inner",
        "http://[64:ff9b::7f00:1]:{port}/inner",
        "http://localhost:{port}/inner",
        "http://169.254.169.254/latest/meta-data",
    ],
)
async def test_no_way_leads_to_an_inner_server(site: Site, target: str) -> None:
    port = int(site.base.rsplit(":", 1)[1])
    url = target.format(port=port)
    # The port is allowed here, so that only the address stands in the way.
    guard = Guard(allow_private=False, ports=frozenset({80, port}))
    async with open_session(guard) as session:
        error = await failure(Fetcher(session, guard), url)
    assert error.key in {"ingest.fetch_refused", "ingest.fetch_address"}
    assert site.requests == []


@pytest.mark.fault("F37")
async def test_a_refusal_reads_alike_whether_or_not_something_listens(site: Site) -> None:
    port = int(site.base.rsplit(":", 1)[1])
    guard = Guard(allow_private=False, ports=frozenset({port, 9}))
    async with open_session(guard) as session:
        fetcher = Fetcher(session, guard)
        open_port = await failure(fetcher, f"http://127.0.0.1:{port}/")
        closed_port = await failure(fetcher, "http://127.0.0.1:9/")
    assert (open_port.key, open_port.params) == (closed_port.key, closed_port.params)


@pytest.mark.fault("F37")
async def test_a_name_that_turns_private_after_its_first_answer_leads_nowhere(site: Site) -> None:
    port = int(site.base.rsplit(":", 1)[1])
    answers = iter(["192.0.2.1", "127.0.0.1", "127.0.0.1"])

    class Rebinding(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
            address = next(answers)
            return [
                ResolveResult(
                    hostname=host, host=address, port=port, family=AF_INET, proto=0, flags=0
                )
            ]

        async def close(self) -> None:
            pass

    guard = Guard(ports=frozenset({port}))
    async with open_session(guard, resolver=Rebinding()) as session:
        for _ in range(2):
            error = await failure(Fetcher(session, guard), f"http://feeds.example:{port}/")
            assert error.key == "ingest.fetch_refused"
    assert site.requests == []


async def test_a_redirect_is_checked_like_a_first_address(site: Site) -> None:
    for place in ("file:///etc/passwd", "http://u:p@127.0.0.1/", "gopher://x/"):
        url = site.answers("/feed", b"", 302, Location=place)
        async with fetching() as fetcher:
            error = await failure(fetcher, url)
        assert error.key in {"ingest.fetch_scheme", "ingest.fetch_userinfo"}


@pytest.mark.fault("F45")
@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [("https", "http", False), ("http", "https", True), ("https", "https", True)],
)
def test_a_move_that_gives_up_encryption_is_never_kept(before: str, after: str, kept: bool) -> None:
    assert may_be_kept(URL(f"{before}://a.example/f"), URL(f"{after}://b.example/f")) is kept


async def test_a_permanent_chain_is_reported_and_a_temporary_one_is_not(site: Site) -> None:
    end = site.answers("/end")
    site.answers("/b", b"", 308, Location="/end")
    a = site.answers("/a", b"", 301, Location="/b")
    mixed = site.answers("/mixed", b"", 301, Location="/c")
    c = site.answers("/c", b"", 302, Location="/end")
    async with fetching() as fetcher:
        assert (await fetcher.get(a, now=NOW)).permanent_url == end
        assert (await fetcher.get(mixed, now=NOW)).permanent_url == c
        temporary = await fetcher.get(c, now=NOW)
    assert (temporary.url, temporary.permanent_url) == (end, None)


@pytest.mark.fault("F45")
async def test_a_loop_of_redirects_ends(site: Site) -> None:
    url = site.answers("/loop", b"", 308, Location="/loop")
    async with fetching() as fetcher:
        assert (await failure(fetcher, url)).key == "ingest.fetch_redirects"
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    ("status", "key"),
    [
        (401, "ingest.fetch_forbidden"),
        (403, "ingest.fetch_forbidden"),
        (404, "ingest.fetch_absent"),
        (410, "ingest.fetch_gone"),
        (418, "ingest.fetch_status"),
        (204, "ingest.fetch_status"),
        (429, "ingest.fetch_too_often"),
        (500, "ingest.fetch_server"),
        (503, "ingest.fetch_server"),
    ],
)
async def test_each_status_has_its_sentence(site: Site, status: int, key: str) -> None:
    url = site.answers("/feed", b"", status, Retry_After="77")
    async with fetching() as fetcher:
        error = await failure(fetcher, url)
    assert (error.key, error.status, error.gone) == (key, status, status == 410)
    assert error.retry_after_s == (77 if status in (429, 503) else None)


@pytest.mark.parametrize("status", [200, 403, 503])
async def test_a_robot_check_is_called_one(site: Site, status: int) -> None:
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"
    url = site.answers("/feed", page, status, Content_Type="text/html")
    async with fetching() as fetcher:
        assert (await failure(fetcher, url)).key == "ingest.fetch_challenge"


async def test_an_article_about_robot_checks_in_a_feed_is_a_feed(site: Site) -> None:
    body = FEED.replace(b"x</title>", b"cdn-cgi/challenge-platform explained</title>")
    url = site.answers("/feed", body)
    async with fetching() as fetcher:
        assert (await fetcher.get(url, now=NOW)).body == body


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Give 300 KB that stand for 300 MB."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()


@pytest.mark.fault("F38")
async def test_a_compressed_bomb_stops_at_the_cap(site: Site, bomb: bytes) -> None:
    url = site.answers("/bomb", bomb, Content_Encoding="gzip")
    tracemalloc.start()
    async with fetching() as fetcher:
        error = await failure(fetcher, url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.key == "ingest.fetch_too_large"
    assert peak < 60_000_000


@pytest.mark.fault("F38")
async def test_the_loop_turns_while_a_bomb_is_unpacked(site: Site, bomb: bytes) -> None:
    url = site.answers("/bomb", bomb, Content_Encoding="gzip")
    late: list[float] = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_at = loop.time() + 0.01
            await asyncio.sleep(0.01)
            late.append(loop.time() - due_at)

    longest = []
    async with fetching() as fetcher:
        for _ in range(5):
            watcher = asyncio.create_task(watch())
            await failure(fetcher, url)
            await asyncio.sleep(0.05)
            watcher.cancel()
            longest.append(max(late))
            late.clear()
    # What else the machine does makes some of them later.
    assert min(longest) < 0.2


@pytest.mark.fault("F38")
async def test_an_endless_answer_stops_at_the_cap(site: Site) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await answer.write(b"x" * 65_536)
        return answer

    site.handlers["/endless"] = endless
    async with fetching(caps=Caps(body_bytes=500_000)) as fetcher:
        assert (await failure(fetcher, site.base + "/endless")).key == "ingest.fetch_too_large"


@pytest.mark.fault("F38")
async def test_a_trickle_ends_with_the_total_time(site: Site) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await answer.write(b"x")
                await asyncio.sleep(0.05)
        return answer

    site.handlers["/trickle"] = trickle
    async with fetching(caps=Caps(total_s=0.4)) as fetcher:
        started = asyncio.get_running_loop().time()
        error = await failure(fetcher, site.base + "/trickle")
        assert asyncio.get_running_loop().time() - started < 2
    assert error.key == "ingest.fetch_timeout"


async def test_slow_redirects_share_one_total_time(site: Site) -> None:
    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.Response(status=302, headers={"Location": "/slow"})

    site.handlers["/slow"] = slow
    async with fetching(caps=Caps(total_s=0.5)) as fetcher:
        assert (await failure(fetcher, site.base + "/slow")).key == "ingest.fetch_timeout"


async def test_an_empty_document_and_a_broken_one_are_errors(site: Site) -> None:
    empty = site.answers("/empty", b"  \n")
    broken = site.answers("/broken", b"not gzip", Content_Encoding="gzip")
    async with fetching() as fetcher:
        assert (await failure(fetcher, empty)).key == "ingest.fetch_empty"
        assert (await failure(fetcher, broken)).key == "ingest.fetch_broken"


async def test_nobody_listening_is_a_sentence_without_the_cause() -> None:
    async with fetching() as fetcher:
        error = await failure(fetcher, "http://127.0.0.1:9/")
        assert error.key == "ingest.fetch_connect"
        assert "refused" not in catalogue().say(error.key, **error.params)


async def test_a_name_that_does_not_exist_is_told() -> None:
    async with fetching() as fetcher:
        assert (await failure(fetcher, "http://feeds.invalid/")).key == "ingest.fetch_dns"


async def test_garbage_instead_of_http_is_an_error() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, fetching() as fetcher:
        assert (await failure(fetcher, f"http://127.0.0.1:{port}/")).key == "ingest.fetch_broken"


async def test_a_validator_that_cannot_be_stored_is_forgotten() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "\xff\xfe"\r\nContent-Length: 3\r\n\r\nabc')
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, fetching() as fetcher:
        fetched = await fetcher.get(f"http://127.0.0.1:{port}/", now=NOW)
    assert fetched.validators == Validators()


@pytest.mark.fault("F44")
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "Mon, 04 May 2026 10:35:00 GMT"}, 300),
        (
            # The server's clock is an hour behind: its own Date is what counts.
            {
                "Retry-After": "Mon, 04 May 2026 09:40:00 GMT",
                "Date": "Mon, 04 May 2026 09:30:00 GMT",
            },
            600,
        ),
        ({"Retry-After": "Mon, 04 May 2026 09:00:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": str(400 * 86_400)}, 86_400),
        ({"Retry-After": "9" * 400}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: int | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=21600", "Age": "600"}, 21_000),
        ({"Cache-Control": "max-age=60", "Age": "600"}, 0),
        ({"Cache-Control": "no-cache, max-age=21600"}, 0),
        ({"Cache-Control": "max-age=soon"}, 0),
        ({"Expires": "Mon, 04 May 2026 12:30:00 GMT", "Date": DATE}, 7200),
        ({"Expires": "0"}, 0),
        ({"Cache-Control": "max-age=60", "Expires": "Mon, 04 May 2027 12:30:00 GMT"}, 60),
    ],
)
def test_freshness_is_what_the_server_promised(headers: dict[str, str], seconds: float) -> None:
    assert fresh_s(headers, NOW) == seconds
