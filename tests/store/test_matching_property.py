"""An article matches a saved query exactly when search returns it; five planted faults show."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from bot.model import Block, BlockType, Entry, Kind, Scope, Term
from bot.query import language, tags
from bot.query.nodes import And, Node, Not, Or, Query
from bot.store import DATABASE, Store, searching
from bot.store.check import Facts, passes
from bot.store.index import IndexRow, index_row
from bot.store.matching import Matching, _Saved
from bot.store.records import bump_revision
from bot.store.requirements import Chooser
from bot.store.resolve import (
    Always,
    Asked,
    Between,
    Both,
    Either,
    Names,
    Neither,
    Run,
    Test,
    resolve,
)
from bot.store.rows import second
from bot.store.searching import Window
from tests.conftest import NOW, Newsroom
from tests.query.query_strategies import (
    NAMES,
    PHRASES,
    TAGS,
    TITLES,
    WORDS,
    hostile_text,
    leaves,
    trees,
)

GUILD, OTHER_GUILD = 7, 8
FEEDS = ("AP / Reuters", "van", "Own wire")
ALIASES = (
    (0, "un", "united nations", "alias"),
    (GUILD, "c", "c++", "alias"),
    (0, "q-a", "q&a", "slug"),
    (GUILD, "un", "c++", "slug"),
    (GUILD, "wire-tag", "c++", "slug"),
    (OTHER_GUILD, "wire-tag", "united nations", "alias"),
)
SAVED = st.builds(Query, st.one_of(st.none(), trees(leaves(feeds=FEEDS))))


def entries(count: int, salt: int) -> Iterator[Entry]:
    """Yield articles made of the generator's own words, so that queries find some of them."""
    texts = [*WORDS, *PHRASES, *TITLES]

    def pick(step: int, many: int, choices: Sequence[str]) -> list[str]:
        return [choices[(salt + step * 7 + i * 5) % len(choices)] for i in range(many)]

    for n in range(count):
        published_at = [
            None,
            datetime(2022, 8, 31, 23, 59, 59, tzinfo=UTC),
            datetime(2022, 1 + n % 12, 1, tzinfo=UTC),
            NOW - timedelta(days=n * n),
            datetime(1, 1, 1, tzinfo=UTC),
            NOW + timedelta(days=400),
        ][n % 6]
        yield Entry(
            " ".join(pick(n, 3, texts)),
            authors=tuple(pick(n, n % 3, NAMES)),
            source=pick(n, 1, NAMES)[0] if n % 3 else None,
            tags=tuple(Term(name) for name in pick(n, n % 4, TAGS)),
            published_at=published_at,
            url=f"https://example.org/{salt}/{n}",
            image_url="https://example.org/i.png" if n % 5 == 0 else None,
            kind=list(Kind)[n % 4],
            blocks=(
                Block(BlockType.SUBHEADING, " ".join(pick(n + 1, 2, texts))),
                Block(BlockType.PARAGRAPH, " ".join(pick(n + 2, 5, texts))),
                Block(BlockType.PARAGRAPH, "".join(pick(n + 3, 4, texts))),
            ),
        )


SELDOM = "A pro-globalization report of 日 and 日本"


async def filled(folder: Path) -> None:
    async with Store.open(folder) as store:
        newsroom = Newsroom(store)
        await newsroom.publish(*entries(12, 1), Entry(SELDOM), feed=FEEDS[0])
        await newsroom.publish(*entries(6, 2), feed=FEEDS[1])
        await newsroom.publish(*entries(8, 3), feed=FEEDS[2], scope_id=GUILD)


class Archive:
    """The archive under test, on a connection whose changes are rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        ids = [row["id"] for row in connection.execute("SELECT id FROM articles")]
        self.rows: dict[int, IndexRow] = {i: index_row(connection, i) for i in ids}

    def searched(self, query: Query, scope: Scope) -> set[int]:
        page = searching.search(self.connection, query, Asked(scope, NOW), Window(len(self.rows)))
        assert page.total == len(page.hits)
        return {hit.id for hit in page.hits}

    def matched(
        self, matching: Matching, saved: Sequence[tuple[str, int]]
    ) -> list[tuple[int, set[int]]]:
        """Save (query, guild) pairs and return for each which articles it would be sent."""
        self.connection.execute("SAVEPOINT saved")
        try:
            ids = [self._save(n, text, guild) for n, (text, guild) in enumerate(saved)]
            bump_revision(self.connection)
            found: dict[int, set[int]] = {saved_id: set() for saved_id in ids}
            for article_id, row in self.rows.items():
                for saved_id in matching.matched(self.connection, row, NOW):
                    found[saved_id].add(article_id)
            return list(found.items())
        finally:
            self.connection.execute("ROLLBACK TO saved")

    def _save(self, number: int, text: str, guild: int) -> int:
        target_id = self.connection.execute(
            "INSERT INTO targets (kind, guild_id, channel_id) VALUES ('text', ?, ?)",
            (guild, number),
        ).lastrowid
        saved_id = self.connection.execute(
            """
            INSERT INTO subscriptions
                (target_id, owner, owner_id, scope_guild_id, query, created_by, created_at)
            VALUES (?, 'guild', ?, ?, ?, 1, ?)
            """,
            (target_id, guild, guild, text, second(NOW)),
        ).lastrowid
        assert saved_id is not None
        return saved_id

    def disagreements(self, saved: Sequence[Query], matching: Matching) -> list[str]:
        """Return the saved queries for which matching and search differ, in either guild."""
        pairs = [(str(query), guild) for query in saved for guild in (GUILD, OTHER_GUILD)]
        matched = self.matched(matching, pairs)
        return [
            f"{text!r} in {guild}: matched {found}"
            for (text, guild), (_, found) in zip(pairs, matched, strict=True)
            if found != self.searched(language.parse(text), Scope(guild))
        ]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("archive")
    asyncio.run(filled(folder))
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO tag_aliases (scope_id, key, target_key, kind) VALUES (?, ?, ?, ?)", ALIASES
        )
        yield Archive(connection)


@given(saved=st.lists(SAVED, min_size=4, max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_matching_says_what_search_says(archive: Archive, saved: list[Query]) -> None:
    assert archive.disagreements(saved, Matching()) == []


@given(text=hostile_text)
@settings(max_examples=150, deadline=None)
def test_search_takes_any_text(archive: Archive, text: str) -> None:
    archive.searched(language.parse(text), Scope(GUILD))
    archive.searched(language.parse(f"tag:{text} author:{text} title:{text}"), Scope())


@pytest.mark.parametrize(
    "text",
    [
        "pro-globaliz*",
        "globaliz*",
        'title:"日 日"',
        'author:"日 日"',
        "tag:wire-tag",
        "tag:un -tag:C",
    ],
)
def test_matching_says_it_of_what_is_seldom_written(archive: Archive, text: str) -> None:
    assert archive.disagreements([language.parse(text)], Matching()) == []


def test_the_generator_reaches_what_it_is_for(archive: Archive) -> None:
    """The property would hold of an archive in which nothing is found."""
    for text in ("tag:UN", "tag:C", 'tag:"q-a"', "日本", "before:2022", "rights OR report"):
        assert archive.searched(language.parse(text), Scope(GUILD)), text


def changed(node: Node | None, change: Callable[[Node], Node]) -> Node | None:
    """Return the tree with a change made to each of its nodes."""
    match node:
        case Not(child):
            return change(Not(changed(child, change) or child))
        case And(children):
            return change(And(tuple(changed(child, change) or child for child in children)))
        case Or(children):
            return change(Or(tuple(changed(child, change) or child for child in children)))
        case None:
            return None
    return change(node)


class Misread(Matching):
    """A parser that reads OR as "and"."""

    def _query(self, written: Any) -> Query:
        wrong = changed(
            super()._query(written).root, lambda n: And(n.children) if isinstance(n, Or) else n
        )
        return Query(wrong)


class Unnegated(Matching):
    """A parser that loses the minus."""

    def _query(self, written: Any) -> Query:
        wrong = changed(
            super()._query(written).root, lambda n: n.child if isinstance(n, Not) else n
        )
        return Query(wrong)


class Faulty(Matching):
    """A matcher whose exact check is wrong in one way."""

    def _matches(
        self, connection: sqlite3.Connection, saved: Any, facts: Facts, now: datetime, names: Names
    ) -> bool:
        if facts.row.scope_id not in saved.scope.visible:
            return False
        asked = Asked(self.scope(saved.scope), now, saved.zone, self.names(names))
        test = resolve(connection, self._query(saved.written), asked)
        return passes(self.wrong(test, facts), facts)

    def names(self, names: Names) -> Names:
        return names

    def scope(self, scope: Scope) -> Scope:
        return scope

    def wrong(self, test: Test, facts: Facts) -> Test:
        match test:
            case Neither(child):
                return Neither(self.wrong(child, facts))
            case Both(children):
                return Both(tuple(self.wrong(child, facts) for child in children))
            case Either(children):
                return Either(tuple(self.wrong(child, facts) for child in children))
        return self.leaf(test, facts)

    def leaf(self, test: Test, facts: Facts) -> Test:
        return test


class UnknownDateMatches(Faulty):
    """An article without a date counts as older than any."""

    def leaf(self, test: Test, facts: Facts) -> Test:
        before = isinstance(test, Between) and test.low is None
        return Always() if before and facts.row.published_at is None else test


class PhraseInAnyOrder(Faulty):
    """A phrase is taken for its words."""

    def leaf(self, test: Test, facts: Facts) -> Test:
        if isinstance(test, Run) and len(test.tokens) > 1 and not test.open_end:
            return Both(tuple(Run((token,), test.column) for token in test.tokens))
        return test


class PublicNamesOnly(Faulty):
    """Names and aliases of the guild itself are not looked up."""

    def scope(self, scope: Scope) -> Scope:
        return Scope()


class AliasesForgotten(Faulty):
    """A tag's other names mean nothing to the article's own names."""

    def names(self, names: Names) -> Names:
        def direct(
            connection: sqlite3.Connection, field: str, value: str, scope: Scope
        ) -> tuple[str, ...]:
            found = names(connection, field, value, scope)
            if field != "tag":
                return found
            rows = connection.execute(
                "SELECT 't' || id AS id FROM tags WHERE key = ?", (tags.tag_key(value),)
            )
            return tuple(set(found) & {row["id"] for row in rows})

        return direct


class SlugsEverywhere(Faulty):
    """A feed's slug finds its tag even where another tag has that name."""

    def names(self, names: Names) -> Names:
        def wide(
            connection: sqlite3.Connection, field: str, value: str, scope: Scope
        ) -> tuple[str, ...]:
            found = names(connection, field, value, scope)
            if field == "tag" and tags.tag_key(value) == "un":
                return (*found, *names(connection, field, "c++", scope))
            return found

        return wide


class Unscoped(Matching):
    """Another guild's own articles are matched too."""

    def _matches(
        self, connection: sqlite3.Connection, saved: Any, facts: Facts, now: datetime, names: Names
    ) -> bool:
        test = resolve(connection, self._query(saved.written), Asked(saved.scope, now))
        return passes(test, facts)


class RequiresTheNegated(Matching):
    """The index asks for what a query excludes."""

    def _take(self, connection: sqlite3.Connection, saved_id: int, written: Any) -> None:
        super()._take(connection, saved_id, written)
        root = self._query(written).root
        if isinstance(root, Not):
            self._drop(saved_id)
            requires = tuple(Chooser({}).required(Query(root.child)))
            self._saved[saved_id] = _Saved(written, requires)
            for requirement in requires:
                self._by_requirement.setdefault(requirement, set()).add(saved_id)


@pytest.mark.parametrize(
    "fault",
    [
        Misread,
        Unnegated,
        UnknownDateMatches,
        PhraseInAnyOrder,
        PublicNamesOnly,
        AliasesForgotten,
        SlugsEverywhere,
        Unscoped,
        RequiresTheNegated,
    ],
)
@pytest.mark.timeout(60)
def test_a_planted_fault_is_caught(archive: Archive, fault: type[Matching]) -> None:
    find(
        st.lists(SAVED, min_size=4, max_size=8),
        lambda saved: bool(archive.disagreements(saved, fault())),
        settings=settings(max_examples=400, deadline=None, database=None, phases=FIRST),
    )


# The first example that shows the fault will do; making it small takes time and tells no more.
FIRST = [phase for phase in settings().phases if phase.name == "generate"]
