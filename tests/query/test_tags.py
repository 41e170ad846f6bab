"""Tag identity: what folds into one tag, and what may never fold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.query.tags import is_default_category, tag_display, tag_key


@pytest.mark.parametrize(
    "spelling",
    [
        "UN",
        "un",
        "ＵＮ",
        " UN ",
        "\u00a0UN\u00a0",
        "U.N.",
        "U.N",
        "u.n.",
        "UN\u200b",
        "\u202eUN\u202c",
        "U\x00N",
    ],
)
def test_spellings_of_un_are_one_tag(spelling: str) -> None:
    assert tag_key(spelling) == "un"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("United Nations", "United&nbsp;Nations"),
        ("United Nations", "united \n nations"),
        ("Q&A", "Q&amp;A"),
        ("Q&A", "Q&#038;A"),
        ("Q&A", "Q&amp;amp;A"),
        ("Café", "Cafe\u0301"),
        ("China’s", "China's"),
        ("“Big” data", '"big" data'),
        ("İ", "i̇"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ﬁsh", "fish"),
        ("Education", "education"),
        ("A.", "a"),
    ],
)
def test_spellings_are_one_tag(one: str, other: str) -> None:
    assert tag_key(one) == tag_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("UN", "United Nations"),
        ("United Nations", "united-nations"),
        ("Q&A", "qa"),
        ("Q&A", "q-a"),
        ("C", "C#"),
        ("C", "C++"),
        ("C#", "C++"),
        ("Café", "cafe"),
        (".NET", "NET"),
        ("Node.js", "Nodejs"),
        ("a.m.p.x", "a.m.p.xy"),
        ("İ", "i"),
        ("ı", "i"),
        ("News, Politics", "News Politics"),
        ("100%", "100"),
        ("a_b", "ab"),
        ("AC/DC", "ACDC"),
    ],
)
def test_names_stay_apart(one: str, other: str) -> None:
    assert tag_key(one) != tag_key(other)


@pytest.mark.parametrize("name", ["", "   ", "\u00a0", "\u200b", "&nbsp;", "\x00", "\u202e \u202c"])
def test_nothing_visible_is_no_tag(name: str) -> None:
    assert tag_key(name) == tag_display(name) == ""


@pytest.mark.parametrize("name", ["@everyone", "<@1>", "%", "_", "/", "x" * 150, "News, Politics"])
def test_odd_names_are_kept_whole(name: str) -> None:
    assert tag_display(name) == name
    assert tag_key(name) == name.casefold()


def test_display_keeps_the_spelling_and_tidies_the_rest() -> None:
    assert tag_display(" Q&#038;A\u00a0 &amp;amp; “more”\u200b ") == "Q&A & “more”"
    assert tag_display("U.N.") == "U.N."
    assert tag_display("ＵＮ") == "ＵＮ"


@pytest.mark.parametrize(
    ("name", "slug", "default"),
    [
        ("Uncategorized", None, True),
        ("uncategorised", None, True),
        ("Allgemein", "uncategorized", True),
        ("未分類", "uncategorized", True),
        ("Sin categoría", "uncategorized-es", True),
        ("Allgemein", None, False),
        ("Allgemein", "allgemein", False),
        ("Uncategorized things", "uncategorized-things", False),
    ],
)
def test_default_category_is_told_by_its_slug_or_english_name(
    name: str, slug: str | None, default: bool
) -> None:
    assert is_default_category(name, slug) is default


@settings(deadline=None)
@given(st.text())
def test_display_never_changes_which_tag_it_is(name: str) -> None:
    shown = tag_display(name)
    if "&" not in shown:
        assert tag_key(shown) == tag_key(name)
        assert tag_key(tag_key(name)) == tag_key(name)
