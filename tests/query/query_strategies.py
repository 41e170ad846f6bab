"""Generators of query trees and of hostile text, shared with the store's property tests.

Every node a generator yields is one the parser can yield: words that read as themselves, names
that mean something, real dates, normal form.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from bot.query.language import parse
from bot.query.nodes import (
    And,
    Dated,
    Has,
    Is,
    Named,
    NameField,
    Newer,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
    all_of,
    any_of,
    negated,
)
from bot.query.tags import tag_key
from bot.query.text import prefix, tokens

WORDS = (
    *("rights", "right", "running", "report", "China’s", "covid-19", "C++", "C#", "us", "US"),
    *("U.S.", "UN", "U.N.", "who", "WHO", "Café", "cafe", "Việt", "Москва", "日本語", "本語", "日"),
    *("東京", "서울은", "서울", "ไทย", "שלום", "سلام", "ﬁsh", "a\x00b"),
    *("1,000", "re:invent", "10:30"),
    *("UN\u200b", "ＵＮ", "*a", "a*b", "–5", "x-", "l’eau", "or", "and", "AND", "NOT", "\\n"),
)
PREFIXES = ("ri", "rep", "U", "日", "C+", "Caf", "моск", "n", "1", "run", "runn", "happy")
PHRASES = (
    *("human rights", "rights human", "OR", "tag:UN", "日本 語", "a \x00 b"),
    *('say "so"', "\\a", "C:\\", "U.N. report", "US report", "“curly”", " padded "),
    *("(x)", "-x", "rights", "sort:new"),
)
TAGS = (
    *("UN", "U.N.", "United Nations", "News, Politics", "Q&A", "C++", "C", "100%"),
    *("日本", "a\x00"),
)
NAMES = (
    *("Ana Lima", "Lima", "AP / Reuters", "Reuters", "van", "O’Neil", "日本経済"),
    *("Ünal", "C. D."),
)
TITLES = ("report", "human rights", "日本", "U.N.", "what's new?")
DATES = ("2022", "2022-08", "2022-08-31", "2024-02-29", "0001", "9999", "9999-12-31")

hostile_text = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "So"]),
        st.sampled_from('()""-*:,\\ \t“”«»「」：　ORANDtagafter2022'),
        st.sampled_from("\x00🙂日本ไทé\u0301\u202e\u200d"),
    ),
    max_size=60,
)
"""Any text at all, rich in what the parser looks at: NUL, surrogates, quotes, parentheses."""

_PIECES = (
    *("OR", "AND", "NOT", "(", ")", "-", "-(", '"', "“", "*", "tag:", "tag: UN", "-tag:a,b"),
    *("author:", 'source:"AP / Reuters",ap', "after:2022-02-30", "before:2022", "on:", ","),
    *("newer:7d", "newer:x", "has:image", "is:chart", "is:", "sort:new", "-sort:old", "\\"),
    *("re:invent", "pre*", '"a b"*', "--x", "U.N.", "日本*", "🙂", "tags:UN", 'tag:""'),
)
query_like_text = st.lists(st.one_of(st.sampled_from(_PIECES), hostile_text), max_size=14).flatmap(
    lambda parts: st.sampled_from([" ", "", "　"]).map(lambda space: space.join(parts))
)
"""Texts made of the language's own pieces in any order."""


def _reads_as_word(text: str) -> bool:
    return bool(tokens(text)) and parse(text) == Query(Word(text))


def words(vocabulary: Sequence[str] = WORDS) -> st.SearchStrategy[Node]:
    """Yield words of the vocabulary and now and then any other."""
    known = st.sampled_from([word for word in vocabulary if _reads_as_word(word)])
    strange = st.text(min_size=1, max_size=8).filter(_reads_as_word)
    return st.one_of(known, known, known, strange).map(Word)


def prefixes(vocabulary: Sequence[str] = PREFIXES) -> st.SearchStrategy[Node]:
    """Yield beginnings of words."""
    return st.sampled_from([text for text in vocabulary if " " not in prefix(text)]).map(Prefix)


def phrases(vocabulary: Sequence[str] = PHRASES) -> st.SearchStrategy[Node]:
    """Yield phrases, some of which look like operators."""
    strange = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
    known = st.sampled_from(vocabulary)
    texts = st.one_of(known, known, strange)
    return texts.filter(lambda text: bool(tokens(text))).map(Phrase)


def named(field: NameField, values: Sequence[str], strange: bool = True) -> st.SearchStrategy[Node]:
    """Yield a filter by one to three of the values."""
    others = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
    known = st.sampled_from(values)
    value = st.one_of(known, known, others) if strange else known
    means = tag_key if field in ("tag", "feed") else tokens
    kept = value.filter(lambda text: bool(means(text)))
    return st.lists(kept, min_size=1, max_size=3).map(lambda some: Named(field, tuple(some)))


def filters() -> st.SearchStrategy[Node]:
    """Yield filters that need no names: dates, newer, has and is."""
    dated = st.builds(Dated, st.sampled_from(["after", "before", "on"]), st.sampled_from(DATES))
    newer = st.builds(Newer, st.integers(1, 99999), st.sampled_from(["h", "d", "w", "mo", "y"]))
    kinds = st.sampled_from([Is("article"), Is("chart"), Is("infographic"), Is("video")])
    return st.one_of(dated, dated, newer, kinds, st.just(Has("image")))


def leaves(
    *,
    vocabulary: Sequence[str] = WORDS,
    tags: Sequence[str] = TAGS,
    authors: Sequence[str] = NAMES,
    sources: Sequence[str] = NAMES,
    feeds: Sequence[str] = NAMES,
    titles: Sequence[str] = TITLES,
) -> st.SearchStrategy[Node]:
    """Yield every kind of leaf, with names that may be those of the articles under test."""
    return st.one_of(
        words(vocabulary),
        words(vocabulary),
        prefixes(),
        phrases(),
        named("tag", tags),
        named("author", authors),
        named("source", sources),
        named("feed", feeds),
        named("title", titles),
        filters(),
    )


def trees(leaf: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Yield trees of the leaves in normal form."""

    def grown(node: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(node, min_size=2, max_size=4)
        return st.one_of(
            node.map(negated),
            several.map(lambda nodes: all_of(*nodes) or nodes[0]),
            several.map(lambda nodes: any_of(*nodes) or nodes[0]),
        )

    return st.recursive(leaf, grown, max_leaves=10).filter(lambda node: depth(node) <= 10)


def queries(
    leaf: st.SearchStrategy[Node] | None = None, *, sorts: bool = True
) -> st.SearchStrategy[Query]:
    """Yield whole queries; without `sorts` only such as may be saved."""
    sort = st.sampled_from([None, None, "new", "old", "best"]) if sorts else st.none()
    return st.builds(Query, st.one_of(st.none(), trees(leaf or leaves())), sort)


def depth(node: Node) -> int:
    """Return how many parentheses deep the node may be written."""
    match node:
        case And(children) | Or(children):
            return 1 + max(depth(child) for child in children)
        case Not(child):
            return depth(child)
        case _:
            return 0
