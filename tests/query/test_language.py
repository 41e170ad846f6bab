"""The query language: its table of cases, strictness, limits, and the way back to text."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings

from bot.errors import QueryError
from bot.messages import catalogue
from bot.model import Note
from bot.query.language import narrow, parse, parse_noted, parse_strict, str_of
from bot.query.nodes import (
    And,
    Dated,
    Has,
    Is,
    Named,
    Newer,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Sort,
    Word,
)
from tests.query.query_strategies import hostile_text, queries, query_like_text

A, B, C, D = Word("a"), Word("b"), Word("c"), Word("d")
UN = Named("tag", ("UN",))
AFTER_AUGUST = Dated("after", "2022-08")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("", None),
        ("  \u3000\t ", None),
        ("a b", And((A, B))),
        ("a OR b c", And((Or((A, B)), C))),
        ("a OR b OR c d", And((Or((A, B, C)), D))),
        ("a b OR c", And((A, Or((B, C))))),
        ("(a b) OR c", Or((And((A, B)), C))),
        ("(a OR b) OR (c OR d)", Or((A, B, C, D))),
        ("(a (b c)) d", And((A, B, C, D))),
        ("((((((((((((a))))))))))))", A),
        ("a or b", And((A, Word("or"), B))),
        ("OR", Word("or")),
        ("OR a", And((Word("or"), A))),
        ("a OR", And((A, Word("or")))),
        ("a OR OR b", And((Word("or"), Or((A, B))))),
        ("AND", Word("AND")),
        ("a AND b", And((A, Word("AND"), B))),
        ("a NOT b", And((A, Word("NOT"), B))),
        ("tag:UN", UN),
        ("tag: UN", UN),
        ("Tag:UN", UN),
        ("tag:", Word("tag")),
        ("tag: OR b", Or((Word("tag"), B))),
        ("tag: author:x", And((Word("tag"), Named("author", ("x",))))),
        ("tag: -a", And((Word("tag"), Not(A)))),
        ("re:invent", Word("re:invent")),
        ("10:30", Word("10:30")),
        ("http://x", Word("http://x")),
        ('tag:"News, Politics",UN', Named("tag", ("News, Politics", "UN"))),
        ("-tag:a,b", Not(Named("tag", ("a", "b")))),
        ("tag:a tag:b", And((Named("tag", ("a",)), Named("tag", ("b",))))),
        ("tag:C++,C#", Named("tag", ("C++", "C#"))),
        ("tag:re:invent", Named("tag", ("re:invent",))),
        ("tag:a,,b,", Named("tag", ("a", "b"))),
        ('tag:"UN', UN),
        ('tag:""', Word("tag")),
        ("author:!!", Word("author")),
        ("source:ap title:rights feed:x", None),
        ("covid-19", Word("covid-19")),
        ("- x", Word("x")),
        ("–5", Word("–5")),
        ("-a", Not(A)),
        ('-"a b"', Not(Phrase("a b"))),
        ("-(a b)", Not(And((A, B)))),
        ("-(a)", Not(A)),
        ("--a", A),
        ("---a", Not(A)),
        ("-(-a)", A),
        ("-a -b", And((Not(A), Not(B)))),
        ("“a b”", Phrase("a b")),
        ("«a b»", Phrase("a b")),
        ("「東京 大阪」", Phrase("東京 大阪")),
        ('"a b', Phrase("a b")),
        ('"a “b” c"', And((Phrase("a "), Word("b”"), Word('c"')))),
        (r'"a \"b\" c"', Phrase('a "b" c')),
        (r'"C:\new"', Phrase(r"C:\new")),
        ("tag：UN\u3000a", And((UN, A))),
        ('5"', Word('5"')),
        ("after:2022-08", AFTER_AUGUST),
        ("before:2022-09-01", Dated("before", "2022-09-01")),
        ("on:2022", Dated("on", "2022")),
        ("AFTER: ２０２２-08", AFTER_AUGUST),
        ('after:"2022-08"', AFTER_AUGUST),
        ("after:2022-02-30", Word("after:2022-02-30")),
        ("after: 2022-02-30", And((Word("after"), Word("2022-02-30")))),
        ("after:08/09/2022", Word("after:08/09/2022")),
        ("after:2022,2023", Word("after:2022,2023")),
        ("newer:7d", Newer(7, "d")),
        ("newer:2MO", Newer(2, "mo")),
        ("newer:0d", Word("newer:0d")),
        ("newer:7", Word("newer:7")),
        ("has:image", Has("image")),
        ("is:chart", Is("chart")),
        ("is:Video", Is("video")),
        ("is:charts", Word("is:charts")),
        ('"OR"', Phrase("OR")),
        ('"tag:UN"', Phrase("tag:UN")),
        ("*", Word("*")),
        ("*a", Word("*a")),
        ('"a b"*', Phrase("a b")),
        ("pre*", Prefix("pre")),
        ("pre**", Prefix("pre")),
        ("-pre*", Not(Prefix("pre"))),
        ("日*", Prefix("日")),
        ("covid-1*", Word("covid-1*")),
        ("a*b", Word("a*b")),
        ("🙂", Word("🙂")),
        ("🙂 a", A),
        ("a OR 🙂", A),
        ("()", None),
        (")a(", A),
        ("(a OR b", Or((A, B))),
        ("f(a)", And((Word("f"), A))),
        ('""', None),
        ("a\x00b", Word("a\x00b")),
        ("\ud800a", Word("\ufffda")),
    ],
)
def test_text_means(text: str, root: Node | None) -> None:
    if text.startswith("source:ap"):
        names = (Named("source", ("ap",)), Named("title", ("rights",)), Named("feed", ("x",)))
        root = And(names)
    assert parse(text) == Query(root)
    assert parse(str_of(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "root", "sort"),
    [
        ("sort:new", None, "new"),
        ("a sort:old", A, "old"),
        ("sort: best a", A, "best"),
        ("(a sort:old) b sort:new", And((A, B)), "new"),
        ("a OR sort:new b", Or((A, B)), "new"),
        ("-sort:new", Not(Phrase("sort:new")), None),
        ("sort:up", Word("sort:up"), None),
    ],
)
def test_sort_stands_apart_from_the_tree(text: str, root: Node | None, sort: Sort | None) -> None:
    assert parse(text) == Query(root, sort)


@pytest.mark.parametrize(
    ("text", "key", "start", "end", "mend"),
    [
        ("x re:invent", "unknown_field", 2, 11, 'x "re:invent"'),
        ("10:30", "unknown_field", 0, 5, '"10:30"'),
        ("http://x", "unknown_field", 0, 8, '"http://x"'),
        ("tags:UN", "unknown_field", 0, 7, "tag:UN"),
        ("tga:UN", "unknown_field", 0, 6, "tag:UN"),
        ("ahs:image", "unknown_field", 0, 9, "has:image"),
        ("Ukraine: war", "unknown_field", 0, 8, '"Ukraine:" war'),
        ("a tag:", "empty_value", 2, 6, "a"),
        ("tag:", "empty_value", 0, 4, "tag"),
        ("tag:UN,", "empty_value", 0, 7, "tag:UN"),
        ('a tag:""', "empty_value", 2, 8, "a"),
        ("after:2022-02-30", "bad_date", 0, 16, "after:2022-02-28"),
        ("after:08/09/2022", "bad_date", 0, 16, "after:2022-09-08"),
        ("on:08/31/2022", "bad_date", 0, 13, "on:2022-08-31"),
        ("before:soon", "bad_date", 0, 11, '"before:soon"'),
        ("newer:7", "bad_span", 0, 7, "newer:7d"),
        ("newer:2months", "bad_span", 0, 13, "newer:2mo"),
        ("newer:much", "bad_span", 0, 10, '"newer:much"'),
        ("is:charts", "bad_value", 0, 9, "is:chart"),
        ("has:video", "bad_value", 0, 9, "is:video"),
        ("a AND b", "stray_operator", 2, 5, "a b"),
        ("a NOT b", "stray_operator", 2, 5, "a -b"),
        ("OR a", "stray_operator", 0, 2, "a"),
        ("a OR", "stray_operator", 2, 4, "a"),
        ("a OR OR b", "stray_operator", 5, 7, "a OR b"),
        ("*a", "stray_star", 0, 2, "a"),
        ('"a b"*', "stray_star", 5, 6, '"a b"'),
        ("covid-1*", "stray_star", 0, 8, "covid-1"),
        ("author:jo*", "stray_star", 0, 10, "author:jo"),
        ("a (b", "unbalanced", 2, 3, "a b"),
        ("a) b", "unbalanced", 1, 2, "a b"),
        ("a ()", "empty_group", 2, 4, "a"),
        ('a ""', "empty_phrase", 2, 4, "a"),
        ('a "b c', "open_quote", 2, 6, 'a "b c"'),
        ('tag:"UN', "open_quote", 4, 7, "tag:UN"),
        ("a sort:new", "sort_refused", 2, 10, "a"),
        ("🙂", "nothing", 0, 1, None),
        ("*", "stray_star", 0, 1, None),
        ("a OR (b re:c", "unbalanced", 5, 6, 'a OR (b "re:c")'),
    ],
)
def test_saved_query_names_the_place_and_offers_the_mend(
    text: str, key: str, start: int, end: int, mend: str | None
) -> None:
    with pytest.raises(QueryError) as caught:
        parse_strict(text)
    error = caught.value
    assert (error.key, error.start, error.end) == (f"query.{key}", start, end)
    assert error.mend == mend
    assert catalogue().say(error.key, **error.params)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a OR b -c", '"re:invent" "OR"', "tag: UN", "“a b”", "-(a OR b)", "newer:7d"),
        *("UN & WHO", "- x", "日*", "author:van,ap", "C++*"),
    ],
)
def test_saved_query_accepts_what_has_one_meaning(text: str) -> None:
    assert parse_strict(text) == parse(text)


@settings(deadline=None)
@given(query_like_text)
@example("(" * 11 + "a")
@example("a " * 201)
@example('"\\')
def test_every_mend_is_accepted(text: str) -> None:
    try:
        parse_strict(text)
    except QueryError as error:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.mend != ""
        if error.mend is not None:
            assert str(parse_strict(error.mend)) == error.mend
        assert catalogue().say(error.key, **error.params)


@pytest.mark.fault("F48")
@settings(deadline=None)
@given(hostile_text | query_like_text)
@example("\x00")
@example("\ud800")
@example('"\\"')
def test_members_text_never_raises_and_keeps_its_meaning_when_written(text: str) -> None:
    query, notes = parse_noted(text)
    assert parse(str(query)) == query
    assert not notes


@settings(deadline=None)
@given(queries())
def test_query_is_read_back_from_its_text(query: Query) -> None:
    assert parse(str(query)) == query


@settings(deadline=None)
@given(queries(sorts=False))
def test_narrowed_query_is_read_back_from_its_text(query: Query) -> None:
    narrowed = narrow(query, UN, Not(Word("x")), sort="old")
    assert parse(str(narrowed)) == narrowed
    assert narrowed.sort == "old"


@pytest.mark.fault("F48")
@pytest.mark.parametrize(
    "text",
    [
        *(part * 10_000 for part in ("(", ")", "-", '"', "a", "日", "🙂", "\x00", "\\", "“")),
        *(part * 5_000 for part in ("(a ", "-(", "a:", "U.", "OR ", "a OR ")),
        "tag:" * 2_500,
        "tag:" + "a," * 5_000,
        'title:"' + "a " * 5_000,
    ],
    ids=lambda text: text[:6].encode("unicode_escape").decode(),
)
def test_ten_thousand_characters_are_read_at_once(text: str) -> None:
    started = time.perf_counter()
    query, _ = parse_noted(text)
    assert parse(str(query)) == query
    assert time.perf_counter() - started < 2


def test_too_many_terms_are_cut_and_said_so() -> None:
    text = " ".join(f"w{number}" for number in range(201))
    query, notes = parse_noted(text)
    assert isinstance(query.root, And)
    assert query.root.children == tuple(Word(f"w{number}") for number in range(200))
    assert notes == (Note("query.too_long_cut", {"limit": 200}),)
    assert parse_noted(text.removesuffix(" w200"))[1] == ()
    with pytest.raises(QueryError) as caught:
        parse_strict(text)
    assert (caught.value.key, caught.value.start) == ("query.too_long", text.index("w200"))
    assert caught.value.mend == text.removesuffix(" w200")


def test_one_endless_word_is_shortened_not_dropped() -> None:
    query, notes = parse_noted("日" * 500)
    assert query == Query(Phrase("日" * 201))
    assert [note.key for note in notes] == ["query.too_long_cut"]


def test_too_deep_parentheses_are_left_out_but_not_their_words() -> None:
    ten = "(a OR " * 10 + "b" + ")" * 10
    assert parse_noted(ten)[1] == ()
    query, notes = parse_noted("(a " * 11 + "b" + ")" * 11)
    assert query.root == And((*(A for _ in range(11)), B))
    assert notes == (Note("query.too_deep_cut", {"limit": 10}),)
    with pytest.raises(QueryError, match=r"query\.too_deep"):
        parse_strict("(a " * 11 + "b" + ")" * 11)


def test_too_deep_negated_group_does_not_turn_into_its_opposite() -> None:
    query, _ = parse_noted("(a " * 10 + "-(b c)" + ")" * 10)
    assert query.root == And(tuple(A for _ in range(10)))


def test_word_that_looks_like_an_operator_is_written_as_a_phrase() -> None:
    for text in ("OR", "tag:UN", "-x", "a b", "(a", "x*", ""):
        assert str(Query(Word(text))) == f'"{text}"'


def test_options_of_a_search_hold_beside_the_text() -> None:
    typed = parse("tag:UN OR rights sort:old")
    narrowed = narrow(typed, Named("tag", ("US",)), sort="new")
    assert str(narrowed) == "tag:UN OR rights tag:US sort:new"
    assert narrow(typed).sort == "old"
