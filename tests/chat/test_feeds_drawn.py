"""What is drawn of feeds holds Discord's limits for any feed, and never cuts the question off."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import render
from bot.chat.feeds import feed_health, feed_preview
from bot.messages import catalogue, languages
from bot.model import Entry, Feed, FeedPreview, Term
from tests.chat.test_message_limits import BLOCKS, DATES, TEXTS, URLS, check, sent, walk

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ENTRIES = st.builds(
    Entry,
    title=TEXTS,
    authors=st.lists(TEXTS, max_size=6).map(tuple),
    source=st.one_of(st.none(), TEXTS),
    tags=st.lists(TEXTS.map(Term), max_size=12).map(tuple),
    published_at=DATES,
    url=URLS,
    truncated=st.booleans(),
    blocks=BLOCKS,
)


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.lists(ENTRIES, max_size=3), st.sampled_from(languages()))
def test_a_preview_holds_the_limits_and_ends_in_the_question(
    title: str, entries: list[Entry], language: str
) -> None:
    say = catalogue(language).say
    found = FeedPreview("https://a.example/x", title, "RSS 2.0", tuple(entries), 5000, 2)
    ask = say("cogs.feed_add_ask")
    view = render.question(f"{feed_preview(found, say)}\n{ask}", "feed_new", "KEY", say)
    check(view)
    (text,) = (part["content"] for part in walk(sent(view)) if part["type"] == 10)
    assert text.endswith(ask)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, max_size=30), TEXTS, st.sampled_from(languages()))
def test_the_state_of_many_feeds_holds_the_limits(
    titles: list[str], detail: str, language: str
) -> None:
    say = catalogue(language).say
    feeds = [
        Feed(
            number,
            7,
            "https://a.example/feed?key=hidden-pass",
            title,
            next_check_at=NOW,
            failing_since_at=NOW,
            error="ingest.form_page_not_feed",
            error_params={"title": detail},
            notice="ingest.gap_capped",
            notice_params={"count": 4, "id": number},
            notice_at=NOW,
        )
        for number, title in enumerate(titles)
    ]
    view = render.listing("x", [feed_health(feed, say) for feed in feeds], say)
    check(view)
    assert "hidden-pass" not in str(sent(view))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:hidden-pass@a.example/feed", "a.example"),
        ("http://[broken", "…"),
    ],
)
def test_an_address_in_an_error_is_cut_down_to_its_host(address: str, shown: str) -> None:
    feed = Feed(
        1,
        7,
        "https://a.example/feed",
        "Local",
        failing_since_at=NOW,
        error="ingest.fetch_address",
        error_params={"address": address},
    )
    assert f"-# {shown} is not an address" in feed_health(feed, catalogue().say)
