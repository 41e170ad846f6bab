"""The floors of the design: an import that docs/architecture.md does not list fails here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

WORDS = {"model", "errors"}
PURE_INGEST = {"ingest.formats", "ingest.clean", "ingest.identity"}

# floor -> the floors of ours that it may import, besides itself. metrics is a leaf for everyone.
MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "errors": set(),
    "messages": WORDS,
    "settings": WORDS,
    "log": WORDS,
    "metrics": WORDS,
    "trace": WORDS,
    "reports": WORDS | {"log"},
    "query": WORDS,
    "store": WORDS | {"query"},
    "ingest.pure": WORDS | {"query"},
    "ingest.fetch": WORDS,
    "ingest": WORDS | {"query", "store", "ingest.pure", "ingest.fetch"},
    "quota": set(),
    "delivery": WORDS | {"store", "quota"},
    "upkeep": WORDS | {"store"},
    "starts": WORDS | {"store"},
    "chat": WORDS | {"query", "messages"},
    "cogs": WORDS | {"chat", "query", "store", "messages"},
    "playground": WORDS | {"settings", "log"},
    "app": WORDS
    | {"messages", "settings", "log", "trace", "query", "store", "ingest.pure", "ingest.fetch"}
    | {"ingest", "quota", "delivery", "upkeep", "starts", "chat", "cogs"},
    "doctor": WORDS
    | {"messages", "settings", "log", "query", "store", "ingest.pure", "ingest.fetch"}
    | {"ingest", "delivery", "app", "playground"},
}
MAY_IMPORT["cli"] = MAY_IMPORT["doctor"] | {"doctor", "reports"}
MAY_IMPORT["__main__"] = {"cli"}
MAY_IMPORT["__init__"] = set()

# third party -> the floors that may use it
THIRD_PARTIES: dict[str, set[str]] = {
    "discord": {"chat", "cogs", "app"},
    "sqlite3": {"store"},
    "aiosqlite": {"store"},
    "aiohttp": {"ingest.fetch", "playground", "metrics", "app"},
    "sentry_sdk": {"reports"},
}

FETCH_MODULES = {"fetch", "addresses", "turns"}
WAYS_IN = {"poll", "desk", "archive", "shares", "worker", "serving", "document", "reading"} | {
    "api",
    "heal",
    "hosted",
    "pace",
    "paged",
    "sync",
    "taken_down",
    "whole_site",
}


def modules() -> list[Path]:
    """Return every module of the product."""
    return sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")])


def floor_of(name: str) -> str:
    """Return the floor of a dotted module name such as bot.ingest.formats.wxr."""
    parts = name.split(".")
    if parts[0] == "cogs":
        return "cogs"
    if len(parts) == 1:
        return "__init__"
    if parts[1] != "ingest" or len(parts) == 2:
        return parts[1]
    if parts[2] in FETCH_MODULES:
        return "ingest.fetch"
    return "ingest" if parts[2] in WAYS_IN else "ingest.pure"


def dotted(path: Path) -> str:
    """Return the dotted name of a module file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def imports(path: Path, source: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything a module imports."""
    text = path.read_text(encoding="utf-8") if source is None else source
    package = list(path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{stem}.{alias.name}") for alias in node.names)


def forbidden(path: Path, source: str | None = None) -> Iterator[str]:
    """Yield a sentence for each import of a module that no arrow allows."""
    own = floor_of(dotted(path))
    for line, name in imports(path, source):
        top = name.split(".")[0]
        if top in ("bot", "cogs"):
            other = floor_of(name)
            if other in (own, "metrics") or name == "bot.__version__":
                continue
            if other not in MAY_IMPORT[own]:
                yield f"{path.relative_to(ROOT)}:{line}: {own} may not import {other} ({name})"
        elif own not in THIRD_PARTIES.get(top, {own}):
            yield f"{path.relative_to(ROOT)}:{line}: {own} may not import {top}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_import_follows_an_arrow_of_the_design(path: Path) -> None:
    assert list(forbidden(path)) == []


def test_every_module_of_the_product_says_what_it_is_for() -> None:
    silent = [p for p in modules() if ast.get_docstring(ast.parse(p.read_text("utf-8"))) is None]
    assert silent == []


def test_a_wrong_arrow_is_seen() -> None:
    bad = ROOT / "bot" / "query" / "language.py"
    source = "import sqlite3\nfrom bot.store import articles\nfrom bot.model import Scope\n"
    assert len(list(forbidden(bad, source))) == 2


def test_the_nouns_are_asked_of_the_package_and_not_of_its_files() -> None:
    files = {path.stem for path in (ROOT / "bot" / "model").glob("*.py")} - {"__init__"}
    outside = [path for path in modules() if path.parent.name != "model"]
    assert files
    for path in outside:
        reached = {name for _, name in imports(path) if name.startswith("bot.model.")}
        assert {name.split(".")[2] for name in reached} & files == set(), path


def test_the_pure_floors_do_no_input_or_output() -> None:
    effects = {"socket", "asyncio", "os", "subprocess", "urllib.request", "http", "time"}
    for path in modules():
        if floor_of(dotted(path)) in ("query", "ingest.pure", "model", "errors"):
            used = {name.split(".")[0] for _, name in imports(path)}
            assert used & effects == set(), path
