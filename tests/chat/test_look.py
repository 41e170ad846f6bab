"""The looks a subscription can have: their forms, parts and templates, and what they refuse."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import look, template
from bot.chat.card import card
from bot.chat.room import Room
from bot.errors import TagwireError
from bot.messages import catalogue
from bot.model import Article, Block, BlockType, Kind, Parcel, Tag, Target, TargetKind

SAY = catalogue().say
NOW = datetime(2026, 1, 2, tzinfo=UTC)
ARTICLE = Article(
    id=5,
    scope_id=0,
    feed_id=1,
    feed="World Desk",
    title="Ferry lanes [reopen] *today*",
    authors=("Ana Berg", "Tom Ito"),
    source=None,
    poster=None,
    tags=(Tag(1, "Sea", "sea"), Tag(2, "Trade", "trade")),
    published_at=NOW,
    updated_at=None,
    url="https://news.example/ferry",
    kind=Kind.ARTICLE,
    truncated=False,
    blocks=(Block(BlockType.PARAGRAPH, "The first boat left at dawn. " * 20),),
    image_url="https://news.example/boat.png",
    found_at=NOW,
    sort_at=1,
)


def parcel(stored: dict[str, object], *articles: Article) -> Parcel:
    target = Target(1, TargetKind.TEXT, 2, 3)
    found = articles or (ARTICLE,)
    return Parcel(1, "n" * 22, "marker", target, found, 0, "", (), stored, 1, NOW, NOW)


def walk(view: ui.LayoutView) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting: list[Any] = list(view.to_components())  # type: ignore[no-untyped-call]
    while waiting:
        part = waiting.pop(0)
        found.append(part)
        waiting += part.get("components", []) + [part[k] for k in ("accessory",) if k in part]
    return found


def text_of(view: ui.LayoutView) -> str:
    return "\n".join(p["content"] for p in walk(view) if p["type"] == 10)


def fill(written: str, article: Article = ARTICLE) -> str:
    return template.filled(template.parsed(written), article, Room(), SAY)


def test_a_compact_post_is_one_line_and_still_carries_its_marker() -> None:
    drawn = card(parcel({"form": "compact"}))
    assert "\n" not in text_of(drawn) and "World Desk" in text_of(drawn)
    assert [p["type"] for p in walk(drawn)].count(9) == 0
    assert any("marker" in p.get("custom_id", "") for p in walk(drawn))


def test_image_first_shows_the_picture_large_above_the_text() -> None:
    kinds = [p["type"] for p in walk(card(parcel({"form": "image"})))]
    assert kinds.index(12) < kinds.index(10)
    without = replace(ARTICLE, image_url=None)
    assert 12 not in [p["type"] for p in walk(card(parcel({"form": "image"}, without)))]


def test_the_parts_chosen_are_those_shown() -> None:
    shown = text_of(card(parcel({"parts": ["tags", "source"]})))
    assert "Sea, Trade" in shown and "World Desk" in shown
    assert "Ana Berg" not in shown and "<t:" not in shown and "dawn" not in shown
    plain = text_of(card(parcel({})))
    assert "Ana Berg and Tom Ito" in plain and "<t:" in plain and "dawn" in plain
    buttons = [p for p in walk(card(parcel({"parts": ["source"]}))) if p["type"] == 2]
    assert [b["label"] for b in buttons] == ["Read"]


def test_a_template_fills_in_what_there_is_and_falls_back() -> None:
    assert fill("{title:12} by {authors|unknown}") == "Ferry lanes… by Ana Berg and Tom Ito"
    nobody = replace(ARTICLE, authors=(), source="Reuters")
    assert fill("{authors|unknown}, {source}, {tags}", nobody) == "unknown, Reuters, Sea, Trade"
    assert fill("[read]({link}) {{kept}}") == "[read](https://news.example/ferry) {kept}"
    assert fill("{link|no page}", replace(ARTICLE, url="javascript:alert(1)")) == "no page"
    assert fill("{date|undated}", replace(ARTICLE, published_at=None)) == "undated"


def test_what_a_template_brings_in_is_inert_and_what_surrounds_it_is_not() -> None:
    assert fill("**{title}**") == r"**Ferry lanes \[reopen\] \*today\***"
    assert fill("{title}", replace(ARTICLE, title="@everyone")) == r"\@everyone"
    assert fill("{title}", replace(ARTICLE, title="{excerpt}")) == "{excerpt}"


@pytest.mark.parametrize("written", ["{titel}", "{title", "title}", "{}", "{title:x}", "x" * 1001])
def test_a_template_that_cannot_be_read_is_refused(written: str) -> None:
    with pytest.raises(TagwireError) as refused:
        template.parsed(written)
    assert SAY(refused.value.key, **refused.value.params)


@given(st.text(alphabet="{}titleexcr:|09 \n", max_size=60))
def test_any_template_is_either_read_or_refused(written: str) -> None:
    try:
        made = template.parsed(written)
    except TagwireError:
        return
    assert len(template.filled(made, ARTICLE, Room(300, 900), SAY)) <= 300 + len(written)


@settings(max_examples=60)
@given(st.sampled_from(["{excerpt:2000}{excerpt:2000}{excerpt:2000}", "漢字" * 400, "{title}"]))
def test_a_card_by_a_template_holds_the_limits(written: str) -> None:
    wordy = replace(ARTICLE, blocks=(Block(BlockType.PARAGRAPH, "新聞" * 3000),))
    shown = text_of(card(parcel({"template": written}, *[wordy] * 10)))
    assert len(shown) <= 4000 and len(shown.encode()) < 10_000


def test_twenty_five_articles_become_a_list_with_a_menu_that_opens_each() -> None:
    many = [replace(ARTICLE, id=n, title=f"Item {n} " + "w" * 300) for n in range(25)]
    drawn = card(parcel({}, *many))
    shown = text_of(drawn)
    assert len(shown) <= 4000 and all(
        f"Item {n} " in shown or f"Item {n}" in shown for n in range(25)
    )
    (menu,) = [p for p in walk(drawn) if p["type"] == 3]
    assert len(menu["options"]) == 25
    assert drawn.total_children_count <= 40


def test_marks_say_what_changed_and_what_was_withdrawn() -> None:
    other = replace(ARTICLE, id=6, title="Gone")
    shown = text_of(card(parcel({}, ARTICLE, other), SAY, {5: "Updated now", 6: ""}))
    assert "-# Updated now" in shown
    assert "~~**Gone**~~ · withdrawn by its source" in shown
    listed = text_of(card(parcel({"form": "compact"}, ARTICLE, other), SAY, {6: ""}))
    assert "~~**Gone**~~" in listed
    assert "taken down" in text_of(card(replace(parcel({}), articles=())))


def test_what_is_stored_wrongly_is_the_default_look() -> None:
    odd = {"form": 3, "accent": "red", "parts": "x", "template": "{nothing}", "join_role_id": "1"}
    assert look.look_of(odd) == look.Look()


def test_colours_and_parts_are_read_and_wrong_ones_refused() -> None:
    assert look.accent_of("#2F6DB5") == 0x2F6DB5
    assert look.parts_of("date, source tags") == ["source", "date", "tags"]
    for call, typed in ((look.accent_of, "blue"), (look.parts_of, "headline")):
        with pytest.raises(TagwireError):
            call(typed)
