"""The documentation is true of the code: pages in step, links that lead somewhere, real verbs."""

import ast
import re
import sqlite3
import tokenize
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli import main
from bot.log import EVENTS
from bot.messages import catalogue
from bot.settings import CONFIG, HOME, SETTINGS
from bot.store.migrate import migrate
from docs import generate

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*.md")])
AREAS = {key.partition(".")[0] for key in catalogue().sentences}

# What the sh script does itself, beside the verbs of the command line.
SCRIPT_VERBS = {"test", "bench", "soak", "audit", "sbom", "docs"}

# What begins with a slash in the pages and is an address or a folder.
NO_COMMANDS = ("var/", "etc/", "proc/", "data", "metrics", "healthz", "readyz")


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_reference_page_is_what_the_code_says(name: str) -> None:
    page = generate.REFERENCE / name
    stands = page.read_text(encoding="utf-8") if page.exists() else ""
    assert stands == generate.PAGES[name](), "run .venv/bin/python docs/generate.py"


def reference(name: str) -> str:
    return (generate.REFERENCE / name).read_text(encoding="utf-8")


def test_every_setting_is_in_the_reference() -> None:
    page = reference("settings.md")
    assert [s.name for s in SETTINGS if f"| `{s.name}` |" not in page] == []


def test_every_verb_is_in_the_reference_and_explains_itself() -> None:
    page = reference("cli.md")
    verbs = list(generate.verbs(main))
    assert len(verbs) > 5
    assert [path for path, _ in verbs if f"## {path}\n" not in page] == []
    assert [path for path, verb in verbs if not verb.help] == []


def test_every_slash_command_is_in_the_reference() -> None:
    page = reference("commands.md")
    commands = generate.slash_commands()
    assert len(commands) > 5
    assert [c.qualified_name for c in commands if f"## /{c.qualified_name}\n" not in page] == []


def test_every_sentence_is_in_the_reference() -> None:
    page = reference("messages.md")
    assert [key for key in catalogue().sentences if f"| `{key}` |" not in page] == []


def test_every_table_and_column_is_in_the_reference() -> None:
    page = reference("schema.md")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        tables = connection.execute(
            """SELECT name FROM sqlite_master
               WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                 AND name NOT LIKE 'article_index\\_%' ESCAPE '\\'"""
        ).fetchall()
        columns = {
            (table, row[1])
            for (table,) in tables
            for row in connection.execute(f"PRAGMA table_info ({table})")
        }
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")}
    assert [table for (table,) in tables if table not in sections] == []
    assert sorted(f"{t}.{c}" for t, c in columns if f"`{c}`" not in sections[t]) == []


def code_strings() -> tuple[set[str], set[str]]:
    """Return every string of the product, and of each f-string what precedes its first value."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]:
        pieces: set[int] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                pieces |= {id(part) for part in node.values}
                if isinstance(node.values[0], ast.Constant):
                    begun.add(str(node.values[0].value))
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in pieces
            ):
                whole.add(node.value)
    return whole, begun


def is_file(text: str) -> bool:
    """Tell a module's dotted name or a file's name from a sentence's key of the same shape."""
    return (ROOT / f"{text.replace('.', '/')}.py").exists() or text.endswith((".py", ".lock"))


def test_every_sentence_that_code_asks_for_exists() -> None:
    shape = re.compile(rf"(?:{'|'.join(AREAS)})\.[a-z][a-z0-9_]*")
    asked = {text for text in code_strings()[0] if shape.fullmatch(text) and not is_file(text)}
    assert len(asked) > 100
    assert sorted(asked - catalogue().sentences.keys() - EVENTS.keys()) == []


def test_every_sentence_is_asked_for_somewhere() -> None:
    whole, begun = code_strings()
    prefixes = tuple(text for text in begun if "." in text)
    asked_as_field = {setting.meaning for setting in SETTINGS}
    stale = catalogue().sentences.keys() - whole - asked_as_field
    assert sorted(key for key in stale if not key.startswith(prefixes)) == []


def slug(heading: str) -> str:
    """Return the anchor GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return kept.replace(" ", "-")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Yield every link of a page to a file or heading that is not there."""
    for link in re.findall(r"\]\(<?([^)\s>]+)>?\)", without_code(text)):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            yield link
        elif anchor and target.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), flags=re.M)
            if anchor not in map(slug, headings):
                yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_within_the_documentation_lead_somewhere(page: Path) -> None:
    assert list(broken_links(page, page.read_text("utf-8"))) == []


def test_a_broken_link_is_seen() -> None:
    text = "[a](absent.md) [b](#absent) [c](docs/architecture.md#floors) [d](https://x.example)"
    assert list(broken_links(ROOT / "README.md", text)) == ["absent.md", "#absent"]


def test_pages_that_code_refers_to_exist() -> None:
    names = {page.name for page in PAGES}
    named: list[str] = []
    for source in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]:
        with tokenize.open(source) as lines:
            for token in tokenize.generate_tokens(lines.readline):
                if token.type in (tokenize.COMMENT, tokenize.STRING):
                    named += re.findall(r"[\w-]+\.md\b", token.string)
    assert sorted(set(named) - names) == []


def shown_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every command line that a page shows as code."""
    pattern = r"^ *(?:[^\n|]*[ /])?tagwire ([a-z][a-z-]*(?: [a-z][a-z-]*)?)"
    code = "\n".join(re.findall(r"```\w*\n(.*?)```", text, flags=re.S))
    code += "\n" + "\n".join(re.findall(r"^    .+$", text, flags=re.M))
    code += "\n" + "\n".join(re.findall(r"`(\.?/?tagwire [^`\n]+)`", text))
    for words in re.findall(pattern, code, flags=re.M):
        yield words.split()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_command_lines_shown_exist(page: Path) -> None:
    paths = {path.removeprefix("tagwire ") for path, _ in generate.verbs(main)}
    groups = {path.split()[0] for path in paths if " " in path}
    shown = list(shown_commands(page.read_text("utf-8")))
    called = {" ".join(words) if words[0] in groups else words[0] for words in shown}
    assert sorted(called - paths - SCRIPT_VERBS) == []


def slash_lines(text: str) -> Iterator[list[str]]:
    """Yield the words of every slash command that a page shows as code, without the slash."""
    for words in re.findall(r"(?:`|^ *)/([a-z][^`\n]*)", text, flags=re.M):
        if not words.startswith(NO_COMMANDS):
            yield words.split()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_slash_commands_shown_exist_with_their_options(page: Path) -> None:
    known = {c.qualified_name: [o.name for o in c.parameters] for c in generate.slash_commands()}
    groups = {name.split()[0] for name in known if " " in name}
    for first, *rest in slash_lines(page.read_text("utf-8")):
        name = f"{first} {rest.pop(0)}" if first in groups and rest else first
        assert name in known or (name in groups and not rest), name
        option, colon, _ = rest[0].partition(":") if rest else ("", "", "")
        assert not colon or option in known[name], f"{name} {option}"


def test_every_picture_is_shown_and_comes_from_a_scene() -> None:
    kept = {path.name for path in (ROOT / "docs" / "images").iterdir()}
    shown = {n for p in PAGES for n in re.findall(r"images/([\w.-]+)\)", p.read_text("utf-8"))}
    assert shown == kept
    scenes = re.findall(r'^    \("(\w+)", \(', (ROOT / "docs" / "pictures.py").read_text(), re.M)
    assert {f"{name}.png" for name in scenes} == {name for name in kept if name.endswith(".png")}


def test_the_picture_of_the_architecture_names_what_there_is() -> None:
    picture = (ROOT / "docs" / "images" / "architecture.svg").read_text("utf-8")
    named = re.findall(r'class="code"[^>]*>([\w./]+)<', picture)
    assert len(named) >= 6
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_tests_and_modules_named_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    files = {path.name for path in (ROOT / "tests").rglob("*.py")}
    # What a template makes is there only for whoever follows it.
    made = set(re.findall(r"^A new file `([\w/]+\.py)`", text, re.MULTILINE))
    files |= {Path(path).name for path in made}
    named = re.findall(r"`(?:tests/[\w/]*?)?(test_\w+\.py)`", text)
    assert sorted(set(named) - files) == []
    paths = re.findall(r"`((?:bot|cogs|docs|deploy|tests|examples)/[\w./-]+)`", text)
    there = [p for p in paths if p in made or (ROOT / p).exists() or (ROOT / f"{p}.py").exists()]
    assert [p for p in paths if "NNNN" not in p and p not in there] == []


def test_readme_opens_with_the_two_commands() -> None:
    first = next(shown_commands((ROOT / "README.md").read_text("utf-8")))
    second = list(shown_commands((ROOT / "README.md").read_text("utf-8")))[1]
    assert (first[0], second[0]) == ("playground", "test")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_settings_named_exist(page: Path) -> None:
    known = {s.name for s in SETTINGS} | {f"{s.name}_FILE" for s in SETTINGS} | {HOME, CONFIG}
    named = set(re.findall(r"\bTAGWIRE_[A-Z][A-Z_]*[A-Z]\b", page.read_text("utf-8")))
    assert sorted(named - known) == []
