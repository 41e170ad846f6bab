"""The text function: one token for what people hold to be one word, in every script."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.query.text import (
    MAX_TOKEN,
    QueryTokens,
    fold,
    index_text,
    prefix,
    query_tokens,
    tokens,
    words_text,
)
from tests.query.query_strategies import PHRASES, WORDS, hostile_text

TOKENIZER = "ascii tokenchars '_+#'"  # as in the migration's article_index

texts = st.one_of(st.text(), hostile_text, st.lists(st.sampled_from(WORDS + PHRASES)).map(" ".join))


@pytest.fixture(scope="module")
def fts5() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(f'CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = "{TOKENIZER}")')
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)")
    yield connection
    connection.close()


def found(connection: sqlite3.Connection, query: str, text: str) -> bool:
    """Tell whether FTS5 finds the text by the words of the query."""
    wanted = query_tokens(query)
    if not wanted.tokens:
        return False
    match = '"' + " ".join(wanted.tokens) + '"' + (" *" if wanted.open_end else "")
    connection.execute("DELETE FROM t")
    connection.execute("INSERT INTO t VALUES (?)", (index_text(text),))
    return bool(connection.execute("SELECT 1 FROM t WHERE t MATCH ?", (match,)).fetchall())


def split(connection: sqlite3.Connection, text: str) -> list[str]:
    """Return the tokens that FTS5's own tokenizer makes of a text."""
    connection.execute("DELETE FROM t")
    connection.execute("INSERT INTO t VALUES (?)", (text,))
    return [term for (term,) in connection.execute("SELECT term FROM v ORDER BY offset")]


@settings(deadline=None)
@given(text=texts)
@example(text="x" * 40_000)
@example(text="日" * 40_000)
@example(text="a\x00b U.S. C++ snake_case ١٢٣ ½ ﷺ ㎞ ŉ ǰ ΐ ﬃ")
def test_tokenizer_passes_every_token_unchanged(fts5: sqlite3.Connection, text: str) -> None:
    assert split(fts5, index_text(text)) == tokens(text)
    assert index_text(text) == " ".join(tokens(text))
    assert all(len(token) <= MAX_TOKEN for token in tokens(text))


@settings(deadline=None)
@given(text=texts)
def test_tokenizer_passes_unstemmed_words_and_prefixes_unchanged(
    fts5: sqlite3.Connection, text: str
) -> None:
    assert split(fts5, words_text(text)) == words_text(text).split()
    assert split(fts5, prefix(text)) == prefix(text).split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Rights, right!", ["right", "right"]),
        ("U.N. U.N UN un u.n. ＵＮ", ["un"] * 6),
        ("U.S. and US", ["us_", "and", "us_"]),
        ("tell us", ["tell", "us"]),
        ("Us", ["us"]),
        ("WHO says who", ["who_", "say", "who"]),
        ("9 a.m. to noon", ["9", "am_", "to", "noon"]),
        ("U.S.-China, non-U.S.", ["us_", "china", "non", "us_"]),
        ("the U.N.’s report", ["the", "un", "report"]),
        ("J.K.Rowling", ["jk", "rowl"]),
        ("WHO TELLS US NOTHING", ["who", "tell", "us", "noth"]),
        ("THE U.S. AND CHINA", ["the", "us_", "and", "china"]),
        ("US DOLLAR", ["us_", "dollar"]),
        ("C C++ C# F#, g++. C++17", ["c", "c++", "c#", "f#", "g++", "c", "17"]),
        ("LGBTQ+ 18+ #tag No.#1", ["lgbtq", "18", "tag", "no", "1"]),
        (".NET Node.js ASP.NET", ["net", "node", "js", "asp", "net"]),
        ("China’s China's China´s CHINA`S", ["china"] * 4),
        ("James’ don’t we’re O’Brien", ["jame", "dont", "we", "re", "obrien"]),
        ("l’économie d'Ivoire qu’il", ["l", "economi", "d", "ivoir", "qu", "il"]),
        ("covid-19", ["covid", "19"]),
        ("1,000 1,000,000 1'000", ["1000", "1000000", "1000"]),
        ("1.5 1,5 10:30 2022-08-31", ["1", "5", "1", "5", "10", "30", "2022", "08", "31"]),
        ("$1,200.50 1,000th 1,0000", ["1200", "50", "1000", "th", "1", "0000"]),
        ("a\u00a0b\u202fc\u3000d", ["a", "b", "c", "d"]),
        ("a🙂b 👩‍👩‍👧 1️⃣", ["a", "b", "1"]),
        ("so\u00adft zero\u200bwidth \u202eright\u202c", ["soft", "zerowidth", "right"]),
        ("a\x00b snake_case", ["a", "b", "snake", "case"]),
        ("Café Cafe\u0301 naïve", ["cafe", "cafe", "naiv"]),
        ("Việt Đà đ", ["viet", "da", "d"]),
        ("İstanbul Istanbul ıstanbul i̇stanbul", ["istanbul"] * 4),
        (
            "Straße STRASSE Øre Łódź Æsop œuvre",
            ["strass", "strass", "ore", "lodz", "aesop", "oeuvr"],
        ),
        ("ﬁsh ﬂow ＮＡＴＯ", ["fish", "flow", "nato"]),
        ("Ελλάδα ελλαδα ΕΛΛΑΔΑΣ ελλάδας", ["ελλαδα", "ελλαδα", "ελλαδασ", "ελλαδασ"]),
        ("Ёлка елка мой мои Київ", ["елка", "елка", "мой", "мои", "київ"]),
        ("שָׁלוֹם שלום", ["שלום", "שלום"]),
        ("السَّلام السلام مـصر إسلام", ["السلام", "السلام", "مصر", "اسلام"]),
        ("٣٤ ３４", ["34", "34"]),
        ("हिन्दी किताब", ["हिन्दी", "किताब"]),
        ("日本語", ["日本", "本語", "語"]),
        ("日", ["日"]),
        ("iPhone発売", ["iphon", "発売", "売"]),
        ("ｶﾞｲﾄﾞ ガイド", ["ガイ", "イド", "ド", "ガイ", "イド", "ド"]),
        ("한국은", ["한국", "국은", "은"]),
        ("ไทย", ["ไท", "ทย", "ย"]),
        ("ລາວ", ["ລາ", "າວ", "ວ"]),
        ("ខ្មែរ", ["ខ្", "្ម", "មែ", "ែរ", "រ"]),
        ("東京・大阪「京都」", ["東京", "京", "大阪", "阪", "京都", "都"]),
    ],
)
def test_text_becomes_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("UN", "the U.N. human rights office"),
        ("U.N.", "UN rights chief"),
        ("US", "the U.S. economy"),
        ("U.S.", "US-China talks"),
        ("who", "those who know"),
        ("China", "in China’s north-west"),
        ("sanctioned", "new sanctions"),
        ("covid-19", "COVID-19 cases"),
        ("1000", "1,000 people"),
        ("日本", "今日の日本語教室"),
        ("本語", "日本語"),
        ("日", "今日"),
        ("日", "日本"),
        ("語教", "日本語教室"),
        ("日本語", "日本語教室"),
        ("서울", "서울은 크다"),
        ("กาแฟ", "ร้านกาแฟดี"),
        ("eau", "l’eau"),
        ("c++", "in C++, too"),
        ("viet nam", "Việt Nam"),
        ("السلام", "السَّلام"),
        ("日本2022", "日本2022年"),
    ],
)
def test_query_finds(fts5: sqlite3.Connection, query: str, text: str) -> None:
    assert found(fts5, query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("us", "the U.S. economy"),
        ("us", "US-China talks"),
        ("US", "tell us more"),
        ("it", "the IT sector"),
        ("C", "C++ and C#"),
        ("C++", "C and C#"),
        ("日語", "日本語"),
        ("本日", "日本"),
        ("covid-19", "19 covid wards"),
        ("мой", "мои"),
        ("🙂", "🙂"),
    ],
)
def test_query_does_not_find(fts5: sqlite3.Connection, query: str, text: str) -> None:
    assert not found(fts5, query, text)


@settings(deadline=None)
@given(before=st.sampled_from(["", "京", "a "]), word=st.text("日本語한ไก", min_size=1, max_size=6))
def test_every_part_of_an_unspaced_run_is_found(
    fts5: sqlite3.Connection, before: str, word: str
) -> None:
    assert found(fts5, word, before + word)
    assert found(fts5, word, before + word + "語")
    assert found(fts5, word, word + " " + before)


def test_single_character_is_looked_for_as_a_beginning() -> None:
    assert query_tokens("日") == QueryTokens(("日",), open_end=True)
    assert query_tokens("日本") == QueryTokens(("日本",))
    assert query_tokens("日本 本") == QueryTokens(("日本", "本", "本"), open_end=True)
    assert query_tokens("right") == QueryTokens(("right",))
    assert query_tokens("🙂") == QueryTokens(())


def test_words_are_those_that_stemming_would_lose() -> None:
    assert words_text("Running, running happy UN report US 日本") == "running happy"


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        *(("Runn", "runn"), ("U.N.", "un"), ("US", "us"), ("Café", "cafe"), ("日", "日")),
        *(("🙂", ""), ("C++", "c++"), ("covid-1", "covid 1"), ("happy", "happy")),
    ],
)
def test_prefix_is_folded_and_never_stemmed(typed: str, compared: str) -> None:
    assert prefix(typed) == compared


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("  United\u00a0 Nations ", "united nations"),
        ("ＡＰ／Ｒｅｕｔｅｒｓ", "ap/reuters"),
        ("José Ñandú", "jose nandu"),
        ("İzmir", "izmir"),
        ("O’Neil “Buck”", 'o\'neil "buck"'),
        ("\u200eright\u200f", "right"),
    ],
)
def test_names_fold_for_lookup(name: str, other: str) -> None:
    assert fold(name) == other == fold(other)


@settings(deadline=None)
@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), max_size=4))
def test_white_space_of_any_kind_only_parts(parts: list[str]) -> None:
    text = " ".join(parts)
    assert tokens(text.replace(" ", "\u00a0")) == tokens(text.replace(" ", "\n")) == tokens(text)


@settings(deadline=None)
@given(st.text("abUS.'’,-+#*1(“", max_size=8))
def test_short_way_for_plain_words_gives_what_the_long_way_gives(piece: str) -> None:
    # An invisible mark in front is dropped, but a piece that holds one is no plain word.
    assert tokens(piece) == tokens("\u200b" + piece)
    assert words_text(piece) == words_text("\u200b" + piece)


def test_threads_share_the_stemmer_without_harm() -> None:
    words = [
        f"{stem}{suffix}" for stem in ("connect", "relat", "nation") for suffix in ("ing", "ed")
    ]
    texts_of_many = [" ".join(f"{word}{number} {word}" for word in words) for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(index_text, texts_of_many))
    assert many == [index_text(text) for text in texts_of_many]
