"""The reference page of the query language: its examples are read as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import QueryError
from bot.messages import catalogue
from bot.query.fields import FIELDS
from bot.query.language import parse_strict

PAGE = (Path(__file__).parents[2] / "docs/reference/query-language.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[tuple[str, str]]:
    """Return the first two cells of each row of the table under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    return found[1:]


def code(cell: str) -> str:
    """Return the first text in code of a cell."""
    return cell.split("`")[1]


@pytest.mark.parametrize("heading", ["Words", "Filters"])
def test_examples_may_be_saved(heading: str) -> None:
    assert len(rows(heading)) > 8
    for cell, _ in rows(heading):
        assert parse_strict(code(cell)).root is not None


def test_mends_are_those_shown() -> None:
    for tried, offered in rows("Saved queries are strict"):
        with pytest.raises(QueryError) as caught:
            parse_strict(code(tried))
        assert caught.value.mend == code(offered)


def test_every_field_is_described() -> None:
    assert all(f"`{name}:" in PAGE for name in FIELDS)


def test_every_fault_has_its_sentence_and_no_sentence_is_left_over() -> None:
    folder = Path(__file__).parents[2] / "bot/query"
    code_text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    keys = {key for key in catalogue().sentences if key.startswith("query.")}
    used = set(re.findall(r'_?fault\(\s*"(\w+)"', code_text))
    used |= set(re.findall(r'"query\.(\w+)"', code_text))
    cuts = {f"{key}_cut" for key in ("too_long", "too_deep")}
    assert keys == {f"query.{name}" for name in used | cuts}
