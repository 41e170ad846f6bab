"""Faults of feeds as docs/faults.md counts them, where one takes several polls or servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from aiohttp import web

from bot.errors import FetchError
from bot.ingest.addresses import AddressInfo, Guard
from bot.ingest.fetch import Fetcher, open_session
from bot.ingest.limits import MAX_ITEMS
from bot.ingest.worker import Limits, Workers
from bot.messages import catalogue
from bot.model import PUBLIC_SCOPE_ID, TargetKind
from tests.ingest.loopback import Site, serving
from tests.ingest.polling import GUILD_ID, HOUR, NOW, Bench, rss, wait_s

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class OneDoor(Guard):
    """The guard as it is, but for one port that stands for a server on the public internet."""

    door = 0

    @property
    def socket_factory(self) -> Callable[[AddressInfo], socket.socket]:
        def opened(info: AddressInfo) -> socket.socket:
            if info[4][1] == self.door:
                return socket.socket(info[0], info[1], info[2])
            return self._open(info)

        return opened


@pytest.fixture
async def inner() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


def port_of(site: Site) -> int:
    return int(site.base.rsplit(":", 1)[1])


@pytest.mark.fault("F37")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_public_feed_that_redirects_inside_reaches_nothing(
    site: Site, inner: Site, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OneDoor, "door", port_of(site))
    guard = OneDoor(ports=frozenset({80, port_of(site), port_of(inner)}))
    hosts = ("127.0.0.1", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "[64:ff9b::7f00:1]")
    places = [f"http://{host}:{port_of(inner)}/inner" for host in (*hosts, "localhost")]
    keys = ("ingest.fetch_refused", "ingest.fetch_address")
    sentences = [catalogue().say(key, host="127.0.0.1", address="127.0.0.1") for key in keys]
    async with open_session(guard) as session:
        for place in (*places, "http://169.254.169.254/latest/meta-data"):
            url = site.answers("/feed", b"", status, Location=place)
            with pytest.raises(FetchError) as caught:
                await Fetcher(session, guard).get(url, now=NOW)
            # Nothing tells where the redirect led, nor whether something listens there.
            assert catalogue().say(caught.value.key, **caught.value.params) in sentences
    assert inner.requests == []
    assert len(site.requests) == len(places) + 1, "the first hop was made each time"


@pytest.mark.fault("F38")
async def test_an_announced_gigabyte_is_not_waited_for(site: Site) -> None:
    async def announce(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000000000"})
        await answer.prepare(request)
        await answer.write(b"<rss>")
        await asyncio.Event().wait()
        return answer

    site.handlers["/"] = announce
    guard = Guard(allow_private=True)
    async with open_session(guard) as session:
        with pytest.raises(FetchError) as caught:
            await Fetcher(session, guard).get(site.base + "/", now=NOW)
    assert caught.value.key == "ingest.fetch_too_large"


@pytest.mark.fault("F39")
async def test_fifty_thousand_items_end_in_a_sentence_or_the_cap(bench: Bench, site: Site) -> None:
    items = "".join(
        f"<item><title>T{n}</title><link>https://q.example/{n}</link></item>" for n in range(50_000)
    )
    body = f"<rss version='2.0'><channel><title>Q</title>{items}</channel></rss>".encode()
    await bench.store.feeds.add(site.answers("/feed", body), "Q", PUBLIC_SCOPE_ID, NOW)
    async with Workers(1, Limits(seconds=3.0)) as workers:
        await bench.new_poller(workers=workers).tick(NOW)
    feed = await bench.only_feed()
    # Which of the two depends on the machine.
    assert feed.error in (None, "ingest.read_too_slow")
    assert feed.article_count == (0 if feed.error else MAX_ITEMS)


FRENCH, RUSSIAN = "Café à l’été", "Музыка"


@pytest.mark.fault("F40")
@pytest.mark.parametrize(
    ("title", "codec", "content_type", "shown"),
    [
        (FRENCH, "cp1252", "application/rss+xml; charset=utf-8", FRENCH),
        (FRENCH, "utf-8", "application/rss+xml; charset=iso-8859-1", FRENCH),
        (RUSSIAN, "utf-16-le", "application/rss+xml", RUSSIAN),
        (RUSSIAN, "utf-16-be", "text/xml; charset=us-ascii", RUSSIAN),
        (RUSSIAN, "koi8-r", "text/xml; charset=koi8-r", RUSSIAN),
        ("Har\x00bour", "utf-8", "text/xml", "Harbour"),
        ("Har&#0;bour", "utf-8", "text/xml", "Harbour"),
        ("Har\ud83dbour", "utf-8", "text/xml", "Harí ½bour"),
        ("Har&#xD83D;bour", "utf-8", "text/xml", "Harbour"),
    ],
    ids=["not utf-8", "is utf-8", "le", "be", "named", "nul", "nul reference", "lone", "lone ref."],
)
async def test_text_in_any_encoding_is_stored_as_people_read_it(
    bench: Bench, site: Site, title: str, codec: str, content_type: str, shown: str
) -> None:
    text = (
        f"<rss version='2.0'><channel><title>{title}</title>"
        f"<item><title>{title}</title><guid>1</guid><description>{title} tells.</description>"
        "</item></channel></rss>"
    )
    body = text.encode(codec, "surrogatepass")
    url = site.answers("/feed", body, Content_Type=content_type)
    await bench.store.feeds.add(url, "Q", PUBLIC_SCOPE_ID, NOW)
    await bench.poller.tick(NOW)
    assert (await bench.only_feed()).error is None
    assert await bench.titles() == [shown]


@pytest.mark.fault("F42")
async def test_five_hundred_items_are_announced_neither_at_first_nor_renamed_nor_dated_now(
    bench: Bench, site: Site
) -> None:
    # As many as one document may hold, a minute apart, the last one hours before NOW.
    titles = [f"T{n}" for n in range(MAX_ITEMS)]
    url = site.answers("/feed", rss(*titles))
    await bench.store.subscriptions.add(TargetKind.TEXT, GUILD_ID, 7, "", 1, NOW, rhythm={"cap": 3})
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    assert await bench.owed() == 0
    assert (await bench.only_feed()).article_count == MAX_ITEMS

    site.answers("/feed", rss(*titles, guid="renamed"))
    await bench.poller.tick(NOW + DAY)
    assert await bench.owed() == 0

    later = NOW + 2 * DAY
    site.answers("/feed", rss(*titles, guid="again", at=later))
    await bench.poller.tick(later)
    assert await bench.owed() == 0
    assert (await bench.only_feed()).article_count == MAX_ITEMS

    later = NOW + 3 * DAY
    site.answers("/feed", rss(*(f"New {title}" for title in titles), at=later))
    await bench.poller.tick(later)
    await bench.store.outbox.form(later)
    assert await bench.owed() <= 3, "what is new keeps to the cap"


@pytest.mark.fault("F43")
async def test_nothing_is_read_or_announced_again_for_a_304_or_an_equal_body(
    bench: Bench, site: Site
) -> None:
    url = site.answers("/feed", rss("One"), ETag='W/"a-gzip"')
    await bench.store.subscriptions.add(TargetKind.TEXT, GUILD_ID, 7, "", 1, NOW)
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    # A poller without a worker would wait for one for ever.
    site.answers("/feed", rss("One"), ETag='W/"b-gzip"')
    assert await bench.new_poller(workers=Workers(0)).tick(NOW + DAY) == 1
    assert site.requests[-1].headers["If-None-Match"] == 'W/"a-gzip"'
    site.answers("/feed", b"", 304, Last_Modified="of late")
    assert await bench.new_poller(workers=Workers(0)).tick(NOW + 2 * DAY) == 1
    assert site.requests[-1].headers["If-None-Match"] == 'W/"b-gzip"'
    feed = await bench.only_feed()
    assert (feed.error, feed.etag, feed.last_modified) == (None, 'W/"b-gzip"', "of late")
    assert (await bench.titles(), await bench.owed()) == (["One"], 0)


TTL_S, AGE_S = 7200, 21_600
SKIPPED = "".join(f"<hour>{hour}</hour>" for hour in (16, 17, 18))
WISHES = f"<ttl>{TTL_S // 60}</ttl><skipHours>{SKIPPED}</skipHours>"


@pytest.mark.fault("F44")
async def test_the_longest_of_ttl_max_age_and_skipped_hours_holds_over_restarts(
    bench: Bench, site: Site
) -> None:
    # From 10:30 ttl asks for 12:30 and max-age for 16:30, which the feed excludes until 19:00.
    body = rss("One", extra=WISHES)
    url = site.answers("/feed", body, ETag='"1"', Cache_Control=f"max-age={AGE_S}")
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    at_seven = NOW.replace(hour=19, minute=0)
    assert await bench.new_poller().tick(at_seven - MINUTE) == 0
    # An answer without a body and without max-age: what the document asked for holds.
    site.answers("/feed", b"", 304)
    assert await bench.new_poller().tick(at_seven) == 1
    assert await bench.new_poller().tick(at_seven + timedelta(seconds=TTL_S - 1)) == 0
    assert await bench.new_poller().tick(at_seven + timedelta(seconds=1.1 * TTL_S)) == 1


@pytest.mark.fault("F44")
@pytest.mark.parametrize(
    ("retry_after", "hours"),
    [
        # From 11:30 on the next day: its ttl asks for 13:30, and 16:00 to 19:00 is excluded.
        ("60", 2.0),
        ("10800", 3.0),
        ("16200", 7.5),
        ("garbage", 2.0),
        (str(400 * 86_400), 24.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_refusal_is_waited_out_as_long_as_the_longest_wish(
    bench: Bench, site: Site, status: int, retry_after: str, hours: float
) -> None:
    await bench.desk.add(site.answers("/feed", rss("One", extra=WISHES)), PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", b"", status, Retry_After=retry_after)
    later = NOW + DAY + HOUR
    assert await bench.poller.tick(later) == 1
    due_at = later + hours * HOUR
    assert await bench.new_poller().tick(due_at - timedelta(seconds=1)) == 0
    assert wait_s(await bench.only_feed(), later) <= DAY.total_seconds()
    # Refusals without a readable wait are left alone for hours, and all are spread by a tenth.
    assert await bench.new_poller().tick(later + 1.1 * DAY) == 1


@pytest.mark.fault("F46")
async def test_a_host_of_a_hundred_feeds_is_asked_once_at_a_time_over_ten_restarts(
    bench: Bench, site: Site
) -> None:
    asked_at = []
    now = NOW
    for n in range(100):
        site.answers(f"/{n}", rss(f"T{n}"))
        await bench.store.feeds.add(f"{site.base}/{n}", f"F{n}", PUBLIC_SCOPE_ID, NOW)
    for restart in range(10):
        poller = bench.new_poller(gap_s=2.0)
        for second in range(10):
            now = NOW + timedelta(seconds=30 * restart + second)
            if await poller.tick(now):
                asked_at.append(now)
    assert len(site.requests) == len(asked_at) == 50
    assert len({request.path for request in site.requests}) == 50, "none before its interval"
    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert min(gaps) >= timedelta(seconds=2)


@pytest.mark.fault("F46")
async def test_while_a_host_answers_it_is_asked_nothing_else(bench: Bench, site: Site) -> None:
    answering, release = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        answering.set()
        await release.wait()
        return web.Response(body=rss("Slow"))

    site.handlers["/slow"] = slow
    other = site.answers("/other", rss("Other"))
    await bench.store.feeds.add(f"{site.base}/slow", "Slow", PUBLIC_SCOPE_ID, NOW)
    poller = bench.new_poller(gap_s=1.0)
    first = asyncio.create_task(poller.tick(NOW))
    await answering.wait()
    await bench.store.feeds.add(other, "Other", PUBLIC_SCOPE_ID, NOW)
    assert await poller.tick(NOW + MINUTE) == 0
    release.set()
    assert await first == 1
    assert await poller.tick(NOW + 2 * MINUTE) == 1
    assert sorted(await bench.titles()) == ["Other", "Slow"]


@pytest.mark.fault("F46")
async def test_a_host_of_very_many_feeds_keeps_no_other_waiting(bench: Bench, site: Site) -> None:
    # More than one tick looks at, and all due longer than the feed of the other host.
    for n in range(600):
        await bench.store.feeds.add(f"{site.base}/many/{n}", "Many", PUBLIC_SCOPE_ID, NOW - HOUR)
    site.answers("/other", rss("Other"))
    other = f"http://localhost:{port_of(site)}/other"
    await bench.store.feeds.add(other, "Other", PUBLIC_SCOPE_ID, NOW)
    assert await bench.new_poller(gap_s=1.0).tick(NOW) == 2
    assert await bench.titles() == ["Other"]


async def test_answers_without_news_are_written_together_and_none_is_lost_at_the_end(
    bench: Bench, site: Site
) -> None:
    url = site.answers("/feed", rss("One"), ETag='"1"')
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    for n in range(30):
        await bench.store.feeds.add(f"{site.base}/{n}", f"F{n}", PUBLIC_SCOPE_ID, NOW)
        site.answers(f"/{n}", rss(f"T{n}"), ETag='"1"')
    await bench.poller.tick(NOW)
    for n in range(30):
        site.answers(f"/{n}", b"", 304)
    site.answers("/feed", b"", 304)
    writes = []
    bench.store.observe(lambda call, _: writes.append(call) if call == "write" else None)
    stop, later = asyncio.Event(), NOW + DAY
    running = asyncio.create_task(bench.new_poller().run(stop, lambda: later))
    while len(site.requests) < 2 * 31:  # noqa: ASYNC110 - another's list
        await asyncio.sleep(0.005)
    stop.set()
    await running
    due = await bench.store.feeds.due(later)
    # The last answer may have been on its way when all was told to end.
    assert len(due) <= 1
    assert len(writes) < 15
