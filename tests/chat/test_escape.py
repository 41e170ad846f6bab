"""Text from outside, made inert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.escape import cleaned, cut, head_of, inert, linked, safe_url


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "**bold** _it_ ~~no~~ ||spoiler|| `code`",
            r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|spoiler\|\| \`code\`",
        ),
        ("1. Apple", r"1\. Apple"),
        ("2) Pear", r"2\) Pear"),
        ("# Heading", r"\# Heading"),
        ("-# small", r"\-# small"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("> quote", r"\> quote"),
        (
            "<@123> <@&4> <#5> <t:1:R> </tag:1> <:e:1> <id:customize>",
            r"\<@123\> \<@&4\> \<#5\> \<t:1:R\> \</tag:1\> \<:e:1\> \<id:customize\>",
        ),
        ("@everyone and @here", r"\@everyone and \@here"),
        ("[mask](https://evil.example)", r"\[mask\](https\://evil.example)"),
        (
            "join discord.gg/abc or discord.com/invite/x",
            r"join discord\.gg/abc or discord\.com/invite/x",
        ),
        ("back\\slash", r"back\\slash"),
        ("3.5 percent - and a plus + sign", "3.5 percent - and a plus + sign"),
        ("a\u202eb\u200bc\ufeffd\u2066e\x00f", "abcdef"),
        ("two\n\nlines\t and   spaces", "two lines and spaces"),
    ],
)
def test_nothing_in_a_text_acts(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_line_breaks_stay_where_they_are_wanted_and_each_line_is_inert() -> None:
    assert inert("one\n# two\n3. three", lines=True) == "one\n\\# two\n3\\. three"


def test_joined_emoji_and_persian_stay_whole() -> None:
    assert cleaned("👩\u200d🚀") == "👩\u200d🚀"
    assert cleaned("می\u200cخواهم") == "می\u200cخواهم"
    assert cleaned("ad\u200dmin") == "admin"


def test_zalgo_is_thinned_and_a_lone_surrogate_replaced() -> None:
    assert len(cleaned("z" + "\u0301" * 50)) == 5
    assert cleaned("a\ud800b") == "a\ufffdb"


@given(st.text(), st.integers(1, 60), st.integers(4, 200))
def test_a_cut_fits_and_never_splits_an_escape(text: str, chars: int, size: int) -> None:
    made = inert(text, chars, size)
    assert len(made) <= chars
    assert len(made.encode()) <= size
    body = made.removesuffix("…")
    assert (len(body) - len(body.rstrip("\\"))) % 2 == 0


@given(st.text(min_size=1), st.integers(8, 60))
def test_parting_a_text_loses_nothing_but_spaces(text: str, chars: int) -> None:
    whole = rest = inert(text)
    parts = []
    while rest:
        head, after = head_of(rest, chars, 4 * chars)
        if not head and after == rest:
            break
        parts.append(head)
        rest = after
    assert "".join("".join(parts).split()) == "".join(whole.split())


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://a.example/b c(d)|e<f>", "https://a.example/b%20c%28d%29%7Ce%3Cf%3E"),
        ("http://a.example:8080/?q=1&r=ü#x", "http://a.example:8080/?q=1&r=%C3%BC#x"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://user:pw@a.example/", None),
        ("https://a.example:port/", None),
        ("ftp://a.example/", None),
        ("https:///nohost", None),
        ("https://a.example/" + "x" * 600, None),
        ("https://[::1/", None),
        ("", None),
        (None, None),
    ],
)
def test_only_safe_addresses_become_links(url: str | None, made: str | None) -> None:
    assert safe_url(url) == made


def test_a_label_without_a_safe_address_is_plain_text() -> None:
    assert linked("x", "javascript:1") == "x"
    assert linked("x", "https://a.example") == "[x](https://a.example)"


def test_a_cut_stops_at_a_word() -> None:
    assert cut("several words that are long", 20) == "several words that…"
