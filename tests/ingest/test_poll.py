"""Polling a real loopback site into a real store; the faults F39 to F46 in small."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.errors import TagwireError
from bot.ingest.desk import Desk
from bot.messages import catalogue
from bot.model import PUBLIC_SCOPE_ID, Scope, TargetKind
from tests.ingest.loopback import Site
from tests.ingest.polling import GUILD_ID, HOUR, NOW, Bench, rss, wait_s


async def test_adding_records_the_first_fetch_and_announces_nothing(
    bench: Bench, site: Site
) -> None:
    url = site.answers("/feed", rss("One", "Two"), ETag='"1"')
    await bench.store.subscriptions.add(TargetKind.TEXT, GUILD_ID, 7, "", 1, NOW)
    preview = await bench.desk.preview(url, PUBLIC_SCOPE_ID, NOW)
    assert (preview.title, preview.count) == ("Quay", 2)
    assert {entry.title for entry in preview.entries} == {"One", "Two"}
    feed = await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    assert (feed.article_count, feed.etag, feed.primed) == (2, '"1"', True)
    assert await bench.owed() == 0
    # Seen and added: one request without conditions, and none before its time.
    assert len(site.requests) == 1
    assert await bench.poller.tick(NOW + timedelta(minutes=5)) == 0

    site.answers("/feed", rss("One", "Two", "Three"), ETag='"2"')
    assert await bench.poller.tick(NOW + 5 * HOUR) == 1
    assert site.requests[-1].headers["If-None-Match"] == '"1"'
    assert await bench.owed() == 1
    assert (await bench.only_feed()).etag == '"2"'


@pytest.mark.parametrize("again", ["{}", " {} ", "{}/", "{}?utm_source=x"])
async def test_a_feed_that_is_known_is_not_asked_to_be_added(
    bench: Bench, site: Site, again: str
) -> None:
    url = site.answers("/feed", rss("One"))
    first = await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    second = await bench.desk.add(again.format(url), PUBLIC_SCOPE_ID, NOW)
    assert first.id == second.id
    assert len(site.requests) == 1, "asked without conditions once"
    other = await bench.desk.add(url, GUILD_ID, NOW)
    assert other.id != first.id, "a server's own is another one"


async def test_a_site_without_https_is_kept_under_the_address_that_answers(
    bench: Bench, site: Site
) -> None:
    url = site.answers("/feed", rss("One"))
    feed = await bench.desk.add(url.removeprefix("http://"), PUBLIC_SCOPE_ID, NOW)
    assert feed.url == url
    assert (await bench.poller.poll(feed, NOW + HOUR)).read == 0, "and it is polled there"


async def test_adding_one_feed_forgets_no_other_preview(bench: Bench, site: Site) -> None:
    one, two = site.answers("/one", rss("One")), site.answers("/two", rss("Two"))
    for url in (one, two):
        await bench.desk.preview(url, PUBLIC_SCOPE_ID, NOW)
    for url in (one, two):
        await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    assert len(site.requests) == 2, "each was asked once, by its preview"


async def test_a_server_refreshes_its_own_feed_alone_and_not_often(
    bench: Bench, site: Site
) -> None:
    url = site.answers("/feed", rss("One"))
    feed = await bench.desk.add(url, GUILD_ID, NOW)

    async def refused(at: datetime, scope_id: int = GUILD_ID) -> str:
        with pytest.raises(TagwireError) as caught:
            await bench.desk.refresh(feed.id, at, scope_id)
        assert catalogue().say(caught.value.key, **caught.value.params)
        return caught.value.key

    assert await refused(NOW + HOUR, GUILD_ID + 1) == "store.no_feed"
    assert await refused(NOW + timedelta(minutes=4)) == "ingest.feed_too_soon"
    assert len(site.requests) == 1
    site.answers("/feed", rss("One", "Two"))
    assert (await bench.desk.refresh(feed.id, NOW + HOUR, GUILD_ID)).new == 1
    site.answers("/feed", b"", 429, Retry_After="7200")
    assert await refused(NOW + 2 * HOUR) == "ingest.fetch_too_often"
    assert await refused(NOW + 3 * HOUR) == "ingest.feed_too_soon", "the site said how long"
    await bench.store.feeds.stop(feed.id, "ingest.fetch_gone", NOW)
    assert await refused(NOW + 9 * HOUR) == "ingest.feed_is_stopped"
    assert len(site.requests) == 3


async def test_a_failing_feed_is_not_refreshed_again_and_again(bench: Bench, site: Site) -> None:
    feed = await bench.desk.add(site.answers("/feed", rss("One")), GUILD_ID, NOW)
    site.answers("/feed", b"", 503)
    keys = []
    for minute in (0, 1, 6):
        with pytest.raises(TagwireError) as caught:
            at = NOW + HOUR + timedelta(minutes=minute)
            await bench.desk.refresh(feed.id, at, GUILD_ID)
        keys.append(caught.value.key)
    assert keys == ["ingest.fetch_server", "ingest.feed_too_soon", "ingest.fetch_server"]


async def test_a_host_that_is_being_asked_is_not_asked_beside_it(bench: Bench, site: Site) -> None:
    feed = await bench.desk.add(site.answers("/feed", rss("One")), PUBLIC_SCOPE_ID, NOW)
    asked, free = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        asked.set()
        await free.wait()
        return web.Response(body=rss("One", "Two"))

    site.handlers["/feed"] = slow
    first = asyncio.create_task(bench.desk.refresh(feed.id, NOW + HOUR))
    await asked.wait()
    with pytest.raises(TagwireError) as caught:
        await bench.desk.refresh(feed.id, NOW + HOUR)
    assert caught.value.key == "ingest.feed_busy"
    free.set()
    assert (await first).new == 1


async def test_one_server_cannot_look_at_addresses_without_end(bench: Bench, site: Site) -> None:
    for number in range(10):
        site.answers(f"/{number}", rss("One"))
        await bench.desk.preview(f"{site.base}/{number}", GUILD_ID, NOW)
    url = site.answers("/more", rss("One"))
    with pytest.raises(TagwireError) as caught:
        await bench.desk.preview(url, GUILD_ID, NOW)
    assert caught.value.key == "ingest.feed_looks"
    assert await bench.desk.preview(f"{site.base}/9", GUILD_ID, NOW), "what is kept costs nothing"
    assert await bench.desk.preview(url, GUILD_ID + 1, NOW), "another server is not held up"
    assert await bench.desk.preview(url, GUILD_ID, NOW + HOUR)


async def test_an_unchanged_feed_is_not_read_again(bench: Bench, site: Site) -> None:
    url = site.answers("/feed", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    await bench.poller.tick(NOW + 5 * HOUR)
    site.answers("/feed", b"", 304, Last_Modified="later")
    # Without validators a 304 is an answer nobody asked for; with the same body nothing is read.
    text = bench.metrics.text().decode()
    assert 'tagwire_polls_total{outcome="unchanged"} 1.0' in text


@pytest.mark.fault("F43")
async def test_validators_are_kept_from_a_304_and_sent_exactly(bench: Bench, site: Site) -> None:
    url = site.answers("/feed", rss("One"), ETag='W/"a-gzip"', Last_Modified="sometime")
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", b"", 304, Last_Modified="another time")
    await bench.poller.tick(NOW + 5 * HOUR)
    request = site.requests[-1]
    assert request.headers["If-None-Match"] == 'W/"a-gzip"'
    assert request.headers["If-Modified-Since"] == "sometime"
    await bench.poller.tick(NOW + 10 * HOUR)
    assert site.requests[-1].headers["If-Modified-Since"] == "another time"


@pytest.mark.fault("F46")
async def test_restarts_poll_nothing_early(bench: Bench, site: Site) -> None:
    url = site.answers("/feed", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    for minute in range(10):
        assert await bench.new_poller(fixed_s=1).tick(NOW + timedelta(seconds=30 * minute)) == 0
    assert len(site.requests) == 1


@pytest.mark.fault("F35")
async def test_a_clock_that_is_set_back_stops_no_polling(bench: Bench, site: Site) -> None:
    await bench.desk.add(site.answers("/feed", rss("One")), PUBLIC_SCOPE_ID, NOW)
    await bench.poller.tick(NOW + timedelta(minutes=1))
    earlier = NOW - timedelta(days=1)
    assert await bench.poller.tick(earlier) == 0, "no earlier than it would have been"
    assert await bench.poller.tick(earlier + 6 * HOUR) == 1


@pytest.mark.fault("F42")
async def test_renamed_ids_and_new_dates_owe_nothing_twice(bench: Bench, site: Site) -> None:
    titles = [f"T{n}" for n in range(30)]
    url = site.answers("/feed", rss(*titles))
    await bench.store.subscriptions.add(TargetKind.TEXT, GUILD_ID, 7, "", 1, NOW)
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", rss(*titles, guid="renamed"))
    await bench.poller.tick(NOW + 5 * HOUR)
    site.answers("/feed", rss(*titles).replace(b"04 May 2026", b"05 May 2026"))
    await bench.poller.tick(NOW + 10 * HOUR)
    site.answers("/feed", rss(*reversed(titles)))
    await bench.poller.tick(NOW + 15 * HOUR)
    assert await bench.owed() == 0
    assert len(await bench.titles()) == 30


@pytest.mark.fault("F44")
@pytest.mark.parametrize(
    ("status", "headers", "least_s", "most_s"),
    [
        (429, {"Retry_After": "7200"}, 7200, 86_400),
        (503, {"Retry_After": "garbage"}, 900, 1000),
        (503, {"Retry_After": str(400 * 86_400)}, 86_400, 86_400),
        (429, {}, 4 * 3600, 86_400),
        (500, {}, 900, 1000),
    ],
)
async def test_a_refusal_is_waited_out_and_the_wait_survives_a_restart(
    bench: Bench, site: Site, status: int, headers: Mapping[str, str], least_s: int, most_s: int
) -> None:
    url = site.answers("/feed", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", b"", status, **headers)
    later = NOW + 5 * HOUR
    await bench.poller.tick(later)
    feed = await bench.only_feed()
    assert least_s <= wait_s(feed, later) <= most_s
    assert feed.failures == 1
    assert feed.error is not None
    asked = len(site.requests)
    await bench.new_poller(fixed_s=1).tick(later + timedelta(seconds=least_s - 1))
    assert len(site.requests) == asked


async def test_ttl_max_age_and_skipped_hours_put_off_the_next_poll(
    bench: Bench, site: Site
) -> None:
    ttl = site.answers("/ttl", rss("One", extra="<ttl>120</ttl>"))
    assert wait_s(await bench.desk.add(ttl, PUBLIC_SCOPE_ID, NOW)) >= 7200
    aged = site.answers("/aged", rss("Two"), Cache_Control="max-age=21600")
    assert wait_s(await bench.desk.add(aged, PUBLIC_SCOPE_ID, NOW)) >= 21_600
    hours = "".join(f"<hour>{h}</hour>" for h in range(10, 20))
    skipping = site.answers("/skip", rss("Three", extra=f"<skipHours>{hours}</skipHours>"))
    feed = await bench.desk.add(skipping, PUBLIC_SCOPE_ID, NOW)
    assert feed.next_check_at is not None
    assert feed.next_check_at.hour == 20


@pytest.mark.fault("F44")
async def test_skipped_hours_and_days_hold_after_a_restart_and_an_unchanged_answer(
    bench: Bench, site: Site
) -> None:
    # NOW is a Monday, 10:30.
    hours = "".join(f"<hour>{h}</hour>" for h in range(10, 20))
    days = "".join(f"<day>{d}</day>" for d in ("Tuesday", "Wednesday"))
    extra = f"<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>"
    site.answers("/feed", rss("One", extra=extra), ETag='"1"')
    await bench.desk.add(site.base + "/feed", PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", b"", 304)
    restarted = bench.new_poller()
    assert await restarted.tick(NOW.replace(hour=19, minute=59)) == 0
    assert await restarted.tick(NOW.replace(hour=23, minute=50)) == 1
    feed = await bench.only_feed()
    assert feed.next_check_at is not None
    assert feed.next_check_at == datetime(2026, 5, 7, tzinfo=UTC), "Thursday, at midnight"


@pytest.mark.fault("F45")
async def test_a_passing_redirect_is_forgotten_over_a_restart(bench: Bench, site: Site) -> None:
    url = site.answers("/old", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/new", rss("One", "Two"))
    moments = (NOW + 5 * n * HOUR for n in range(1, 20))
    for _ in range(2):
        site.answers("/old", b"", 301, Location="/new")
        await bench.new_poller().tick(next(moments))
        await bench.new_poller().tick(next(moments))
        site.answers("/old", rss("One"))
        await bench.new_poller().tick(next(moments))
    feed = await bench.only_feed()
    assert (feed.url, feed.moved_url) == (url, None), "never three times in a row"
    site.answers("/old", b"", 301, Location="/new")
    for _ in range(3):
        await bench.new_poller().tick(next(moments))
    assert (await bench.only_feed()).url == site.base + "/new"


async def test_the_operators_interval_replaces_ttl_and_max_age(bench: Bench, site: Site) -> None:
    poller = bench.new_poller(fixed_s=2)
    desk = Desk(bench.store, bench.fetcher, bench.workers, poller)
    url = site.answers("/f", rss("One", extra="<ttl>120</ttl>"), Cache_Control="max-age=21600")
    assert wait_s(await desk.add(url, PUBLIC_SCOPE_ID, NOW)) == 2


@pytest.mark.fault("F45")
async def test_a_permanent_move_is_kept_only_once_it_is_stable(bench: Bench, site: Site) -> None:
    url = site.answers("/old", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    new = site.answers("/new", rss("One", "Two"))
    moments = (NOW + 5 * n * HOUR for n in range(1, 20))
    site.answers("/old", b"", 301, Location="/new")
    await bench.poller.tick(next(moments))
    assert (await bench.only_feed()).url == url
    site.answers("/old", rss("One"))
    await bench.poller.tick(next(moments))
    site.answers("/old", b"", 302, Location="/new")
    for _ in range(4):
        await bench.poller.tick(next(moments))
    assert (await bench.only_feed()).url == url
    site.answers("/old", b"", 301, Location="/new")
    for _ in range(3):
        await bench.poller.tick(next(moments))
    assert (await bench.only_feed()).url == new


@pytest.mark.fault("F45")
async def test_a_move_to_a_parking_page_is_a_failure_that_keeps_everything(
    bench: Bench, site: Site
) -> None:
    url = site.answers("/old", rss("One"), ETag='"1"')
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/parked", b"<!doctype html><html><title>For sale</title></html>")
    site.answers("/old", b"", 301, Location="/parked")
    for n in range(1, 6):
        await bench.poller.tick(NOW + 30 * n * HOUR)
    feed = await bench.only_feed()
    assert (feed.url, feed.etag, feed.failures) == (url, '"1"', 5)
    assert feed.error is not None
    assert "For sale" in catalogue().say(feed.error, **feed.error_params)
    assert await bench.titles() == ["One"]


@pytest.mark.fault("F45")
async def test_gone_ends_the_polling_with_a_reason(bench: Bench, site: Site) -> None:
    url = site.answers("/feed", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", b"", 410)
    await bench.poller.tick(NOW + 5 * HOUR)
    asked = len(site.requests)
    assert await bench.poller.tick(NOW + 500 * HOUR) == 0
    assert len(site.requests) == asked
    assert (await bench.only_feed()).stopped == "ingest.fetch_gone"


@pytest.mark.fault("F45")
async def test_absence_ends_the_polling_after_days_not_tries(bench: Bench, site: Site) -> None:
    url = site.answers("/feed", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", b"", 404)
    for day in range(1, 30):
        await bench.poller.tick(NOW + timedelta(days=day))
    assert (await bench.only_feed()).stopped is None
    for day in range(30, 36):
        await bench.poller.tick(NOW + timedelta(days=day))
    assert (await bench.only_feed()).stopped == "ingest.fetch_absent"


async def test_a_recovery_clears_the_failure(bench: Bench, site: Site) -> None:
    url = site.answers("/feed", rss("One"))
    await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", b"", 500)
    await bench.poller.tick(NOW + 5 * HOUR)
    site.answers("/feed", rss("One", "Two"))
    await bench.poller.tick(NOW + 10 * HOUR)
    feed = await bench.only_feed()
    assert (feed.failures, feed.error, feed.failing_since_at) == (0, None, None)
    assert len(await bench.titles()) == 2


@pytest.mark.fault("F46")
async def test_one_host_is_asked_one_thing_at_a_time_with_a_gap(bench: Bench, site: Site) -> None:
    running = most = 0

    def answering(body: bytes) -> object:
        async def handle(_: web.Request) -> web.StreamResponse:
            nonlocal running, most
            running += 1
            most = max(most, running)
            running -= 1
            return web.Response(body=body)

        return handle

    for n in range(5):
        await bench.store.feeds.add(f"{site.base}/{n}", f"F{n}", PUBLIC_SCOPE_ID, NOW)
        site.handlers[f"/{n}"] = answering(rss(f"T{n}"))  # type: ignore[assignment]
    poller = bench.new_poller(gap_s=1.0)
    asked = [await poller.tick(NOW + timedelta(seconds=s / 2)) for s in range(10)]
    assert asked == [1, 0] * 5
    assert most == 1


async def test_one_bad_feed_stops_no_other(bench: Bench, site: Site) -> None:
    good = site.answers("/good", rss("Good"))
    bad = site.answers("/bad", b"%PDF-1.4 \x00\xff")
    for url in (bad, good, site.base + "/absent"):
        await bench.store.feeds.add(url, url, PUBLIC_SCOPE_ID, NOW)
    assert await bench.poller.tick(NOW) == 3
    assert await bench.titles() == ["Good"]
    failing = [f.url for f in await bench.store.feeds.list(Scope()) if f.error]
    assert sorted(map(str, failing)) == [site.base + "/absent", bad]


def _hostile() -> Iterable[tuple[str, bytes]]:
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    yield "laughs", f"<!DOCTYPE r [<!ENTITY l0 'ha'>{laughs}]><rss><a>&l9;</a></rss>".encode()
    yield (
        "outer file",
        b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss version='2.0'><channel>"
        b"<title>&x;</title><item><title>&x;</title><link>http://a.example/1</link></item>"
        b"</channel></rss>",
    )
    yield "a path", b"/etc/passwd"
    yield "nested", b"<rss version='2.0'><channel>" + b"<b>" * 50_000
    yield "control", rss("One").replace(b"One", b"O\x00n\x0be")
    yield "utf-7", b"<?xml version='1.0' encoding='utf-7'?>" + rss("One")[21:]
    yield "not utf-8", rss("One").replace(b"What", b"Wh\xe9t")
    yield "utf-16", rss("One").decode().encode("utf-16-le")
    yield "surrogate", rss("One").replace(b"What", b"&#xD800;What")


HOSTILE = tuple(_hostile())


@pytest.mark.fault("F39", "F40")
@pytest.mark.parametrize(("name", "body"), HOSTILE, ids=[name for name, _ in HOSTILE])
async def test_hostile_documents_end_in_articles_or_a_sentence(
    bench: Bench, site: Site, name: str, body: bytes
) -> None:
    url = site.answers("/feed", body)
    await bench.store.feeds.add(url, name, PUBLIC_SCOPE_ID, NOW)
    await bench.poller.tick(NOW)
    feed = await bench.only_feed()
    # A feed without items is none the worse: what is harmless may also be empty.
    assert feed.error is not None or feed.primed
    if feed.error:
        assert feed.error != "ingest.feed_crashed"
        assert catalogue().say(feed.error, **feed.error_params)
    for title in await bench.titles():
        assert "root:" not in title


async def test_a_sites_address_leads_to_its_feed(bench: Bench, site: Site) -> None:
    page = (
        "<!doctype html><html><head><title>Quay</title>"
        "<link rel='alternate' type='application/rss+xml' title='Comments' href='/comments/feed/'>"
        "<link rel='alternate' type='application/rss+xml' title='News' href='/news.xml'>"
        "</head><body><p>Hello.</p></body></html>"
    )
    site.answers("/", page.encode(), Content_Type="text/html")
    found = site.answers("/news.xml", rss("One"))
    # As a person types it: no scheme, and only http is there.
    feed = await bench.desk.add(site.base.removeprefix("http://") + "/", PUBLIC_SCOPE_ID, NOW)
    assert feed.url == found
    assert "/comments/feed/" not in [request.path for request in site.requests]


async def test_a_site_that_names_no_feed_is_tried_at_the_usual_places(
    bench: Bench, site: Site
) -> None:
    site.answers("/", b"<!doctype html><html><body>Hello</body></html>")
    found = site.answers("/feed/", rss("One"))
    feed = await bench.desk.add(site.base + "/", PUBLIC_SCOPE_ID, NOW)
    assert feed.url == found


async def test_a_site_without_a_feed_is_said_to_have_none(bench: Bench, site: Site) -> None:
    site.answers("/", b"<!doctype html><html><body>Hello</body></html>")
    assert (await bench.failure(site.base + "/")).key == "ingest.feed_none_found"
    assert await bench.store.feeds.list(Scope()) == ()


async def test_a_guild_has_room_for_so_many_feeds_of_its_own(bench: Bench, site: Site) -> None:
    for n in range(2):
        await bench.desk.add(site.answers(f"/{n}", rss(f"T{n}")), GUILD_ID, NOW)
    third = site.answers("/2", rss("T2"))
    error = await bench.failure(third, GUILD_ID)
    assert (error.key, error.params) == ("ingest.feed_limit", {"limit": 2})
    asked = len(site.requests)
    with pytest.raises(TagwireError) as caught:
        await bench.desk.preview(site.base + "/3", GUILD_ID, NOW)
    assert (caught.value.key, len(site.requests)) == ("ingest.feed_limit", asked)
    assert await bench.titles() == []
    assert len(await bench.titles(Scope(GUILD_ID))) == 2
    await bench.desk.add(third, PUBLIC_SCOPE_ID, NOW)


async def test_refresh_polls_now_and_raises_what_went_wrong(bench: Bench, site: Site) -> None:
    url = site.answers("/feed", rss("One"))
    feed = await bench.desk.add(url, PUBLIC_SCOPE_ID, NOW)
    site.answers("/feed", rss("One", "Two"))
    assert (await bench.desk.refresh(feed.id, NOW)).new == 1
    site.answers("/feed", b"", 500)
    with pytest.raises(TagwireError):
        await bench.desk.refresh(feed.id, NOW)
    imported = await bench.store.feeds.ensure_import("Files", None, PUBLIC_SCOPE_ID, NOW)
    with pytest.raises(TagwireError) as caught:
        await bench.desk.refresh(imported.id, NOW)
    assert caught.value.key == "ingest.feed_not_polled"
