"""Every message drawn holds Discord's limits, for any article, counted apart from the renderer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import render
from bot.messages import catalogue
from bot.model import (
    Article,
    Block,
    BlockType,
    Copy,
    Cursor,
    Hit,
    Kind,
    Note,
    Page,
    Parcel,
    Tag,
    Target,
    TargetKind,
)
from bot.playground.refusals import Problems

SAY = catalogue().say
LOOKS: list[dict[str, object]] = [
    {},
    {"form": "compact"},
    {"form": "image", "join_role_id": 10**18},
    {"parts": ["tags", "excerpt"]},
    {"template": "{title}{excerpt:2000} {tags} {link} {image} {authors|?}" * 8},
]
NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Brief(str):
    """A text that a failing example shows shortened."""

    def __repr__(self) -> str:
        return f"{str(self[:12])!r}*{len(self)}"


class Few(list[Article]):
    """Articles that a failing example shows by their titles."""

    def __repr__(self) -> str:
        return f"Few({[Brief(article.title) for article in self]})"


TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="新聞日本語中国経済。", min_size=1, max_size=30).map(lambda t: t * 130),
    st.text(alphabet="👩🚀\u200d🎉🇫🇷", min_size=1, max_size=30).map(lambda t: t * 40),
    st.text(alphabet="*_`~|[]()<>\\#-1. @\n", min_size=1, max_size=40).map(lambda t: t * 120),
    st.just("A title that never ends " * 210),
    st.just("שלום עולם " * 200),
    st.just("x" * 5000),
).map(Brief)
URLS = st.one_of(
    st.none(),
    st.just("https://news.example/2022/08/a-story"),
    st.just("https://news.example/" + "long-" * 95),
    st.just("https://news.example/" + "ü" * 60),
    st.just("https://news.example/" + "very-long-" * 200),
    st.just("javascript:alert(1)"),
)
DATES = st.one_of(
    st.none(),
    st.integers(-(2**31), 2**34).map(
        lambda s: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
    ),
)
TAGS = st.lists(TEXTS, max_size=60).map(
    lambda names: tuple(Tag(10**12 + i, name or "?", f"k{i}") for i, name in enumerate(names))
)
LINKS = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 120), URLS.map(lambda url: url or "")), max_size=4
).map(lambda found: tuple(sorted(found)))
BLOCKS = st.lists(
    st.builds(Block, st.sampled_from(BlockType), TEXTS, URLS, LINKS), max_size=40
).map(tuple)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    return Article(
        id=draw(st.integers(1, 2**53)),
        scope_id=0,
        feed_id=1,
        feed=draw(TEXTS),
        title=draw(TEXTS),
        authors=tuple(draw(st.lists(TEXTS, max_size=6))),
        source=draw(st.one_of(st.none(), TEXTS)),
        poster=None,
        tags=draw(TAGS),
        published_at=draw(DATES),
        updated_at=None,
        url=draw(URLS),
        kind=draw(st.sampled_from(Kind)),
        truncated=draw(st.booleans()),
        blocks=draw(BLOCKS),
        image_url=draw(URLS),
        found_at=NOW,
        sort_at=draw(st.integers(-(2**50), 2**50)),
    )


def hit_of(article: Article) -> Hit:
    return Hit(
        article.id,
        article.title,
        article.authors,
        article.source,
        article.feed,
        tuple(t.name for t in article.tags),
        article.published_at,
        article.url,
        article.kind,
        article.truncated,
        article.image_url,
        article.blocks[0].text if article.blocks else "",
        article.sort_at,
        block=len(article.blocks) or None,
        heading=article.title,
    )


def walk(parts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield part
        yield from walk(part.get("components", []))
        if "accessory" in part:
            yield from walk([part["accessory"]])


def sent(view: ui.LayoutView) -> list[dict[str, Any]]:
    drawn: Any = view
    parts: list[dict[str, Any]] = drawn.to_components()
    return parts


def check(view: ui.LayoutView) -> list[dict[str, Any]]:
    parts = list(walk(sent(view)))
    assert 1 <= len(parts) <= 40
    texts = [p["content"] for p in parts if p["type"] == 10]
    assert all(text.strip() for text in texts)
    assert sum(map(len, texts)) <= 4000
    assert sum(len(text.encode()) + 12 for text in texts) <= 10_170
    ids = [p["custom_id"] for p in parts if "custom_id" in p]
    assert len(ids) == len(set(ids))
    assert all(1 <= len(i) <= 100 for i in ids)
    for part in parts:
        check_part(part)
    return parts


def check_part(part: dict[str, Any]) -> None:
    match part["type"]:
        case 1:
            assert 1 <= len(part["components"]) <= 5
        case 2:
            assert 1 <= len(part["label"]) <= 80
            assert len(part.get("url") or "") <= 512
        case 3:
            assert 1 <= len(part["options"]) <= 25
            assert len(part["placeholder"]) <= 150
            for option in part["options"]:
                assert 1 <= len(option["label"].strip()) <= 100
                assert 1 <= len(option.get("description") or "x") <= 100
                assert 1 <= len(option["value"]) <= 100
            values = [option["value"] for option in part["options"]]
            assert len(values) == len(set(values))
        case 9:
            assert 1 <= len(part["components"]) <= 3
        case 11:
            assert len(part.get("description") or "") <= 1024
            assert part["media"]["url"].startswith("http")
        case 12:
            assert 1 <= len(part["items"]) <= 10
            assert all(len(i.get("description") or "") <= 1024 for i in part["items"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(articles(), min_size=1, max_size=7, unique_by=lambda a: a.id).map(Few),
    TEXTS,
    st.lists(TEXTS, max_size=5),
)
def test_a_page_of_results_holds_the_limits(
    found: list[Article], heading: str, asks: list[str]
) -> None:
    hits = tuple(hit_of(article) for article in found)
    cursor = Cursor(-(2**50), -123.4567890123456)
    notes = tuple(Note("chat.tags_line", {"tags": heading}) for _ in range(5))
    page = Page(hits, 12345, cursor, cursor, notes)
    shown = render.Results(
        heading, page, "K" * 16, 999991, tuple(asks), True, "W" * 16, True, "9" * 40, SHARED
    )
    check(render.results(shown, SAY))


@settings(max_examples=40, deadline=None)
@given(articles().map(lambda article: Few([article])))
def test_every_page_of_the_reader_holds_the_limits(only: list[Article]) -> None:
    for number in (1, 2, 3, 7, 10**6):
        check(render.reader(only[0], number, SAY))
        beside = render.Beside((hit_of(only[0]),), (only[0],), "K" * 16)
        told = replace(only[0], also=tuple(Copy(n, f"Wire {n}", None) for n in range(1, 9)))
        check(render.reader(told, number, SAY, beside=beside))
    check(render.shared(only[0], SHARED, SAY))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(articles(), max_size=12, unique_by=lambda a: a.id).map(Few),
    st.integers(0, 400),
    TEXTS,
    st.sampled_from(LOOKS),
)
def test_a_card_holds_the_limits_and_carries_the_marker(
    found: list[Article], overflow: int, query: str, look: dict[str, object]
) -> None:
    parcel = replace(parcel_of(found, overflow, query), look=look)
    parts = check(render.card(parcel))
    assert any("twmark123" in part.get("custom_id", "") for part in parts)
    text = render.plain(parcel)
    assert len(text) <= 2000
    assert "twmark123" in text


SHARED = "Shared by <@1>"


def parcel_of(found: list[Article], overflow: int, query: str = "") -> Parcel:
    target = Target(1, TargetKind.TEXT, 2, 3)
    return Parcel(
        post_id=9,
        nonce="n",
        marker="twmark123",
        target=target,
        articles=tuple(found),
        overflow=overflow,
        query=query,
        mention_role_ids=(5, 6),
        look={},
        attempt=1,
        started_at=NOW,
        created_at=NOW,
    )


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=30))
def test_dialogs_hold_the_limits(text: str, labels: list[str]) -> None:
    check(render.miss("Nothing.", tuple(labels), "KEY", SAY))
    check(render.listing(text, [f"- {render.query_text(label, SAY)}" for label in labels], SAY))
    if labels:
        offered = [render.Choice(label, str(i), text) for i, label in enumerate(labels)]
        check(render.choices("Which?", offered, "choose", "KEY", "Pick…"))
        check(render.choices("Which?", offered, "read", "KEY", "Pick…", tuple(labels), SAY))
        kinds = [render.Menu("Tag…", kind, offered) for kind in ("tag", "year")]
        check(render.menus("Narrow?", [*kinds, render.Menu("None", "none", [])], "v", "KEY"))


def test_the_playground_s_server_takes_them_too() -> None:
    from bot.playground.validate import components

    zone = timezone(timedelta(hours=2))
    article = Article(
        1,
        0,
        1,
        "Feed",
        "*" * 5000,
        ("A", "B"),
        "Reuters",
        None,
        (Tag(1, "UN", "un"),),
        datetime(2022, 8, 1, tzinfo=zone),
        None,
        "https://a.example/x",
        Kind.ARTICLE,
        False,
        (
            Block(BlockType.PARAGRAPH, "新聞" * 4000),
            Block(BlockType.IMAGE, "alt", "https://a.example/i.png"),
        ),
        "https://a.example/i.png",
        NOW,
        1,
    )
    for view in (render.card(parcel_of([article], 3)), render.reader(article, 1, SAY)):
        problems = Problems()
        components.check_components(sent(view), problems, is_v2=True)
        problems.check()


def test_the_fullest_page_of_the_reader_is_forty_components() -> None:
    image = Block(BlockType.IMAGE, "alt", "https://a.example/i.png")
    heads = [Block(BlockType.SUBHEADING, f"Part {number}") for number in range(12)]
    blocks = [b for head in heads for b in (head, Block(BlockType.PARAGRAPH, "word"), image)]
    article = replace(
        bare_article(),
        blocks=tuple(blocks),
        tags=tuple(Tag(n, f"Tag {n}", f"t{n}") for n in range(1, 60)),
        also=tuple(Copy(n, f"Wire {n}", None) for n in range(1, 9)),
        url="https://a.example/x",
    )
    beside = render.Beside((hit_of(article),), (article,), "K" * 16)
    for number in (1, 2, 3):
        parts = check(render.reader(article, number, SAY, beside=beside))
        assert len(parts) >= 38


def bare_article() -> Article:
    return Article(
        id=1,
        scope_id=0,
        feed_id=1,
        feed="Feed",
        title="Title",
        authors=(),
        source=None,
        poster=None,
        tags=(),
        published_at=NOW,
        updated_at=None,
        url=None,
        kind=Kind.ARTICLE,
        truncated=False,
        blocks=(),
        image_url=None,
        found_at=NOW,
        sort_at=1,
    )
