"""docs/faults.md and the tests that carry a fault's number say the same."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "faults.md"
ROW = re.compile(r"^\| (F\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PROMISED = {f"F{n}" for n in range(1, 55)}


def marked() -> dict[str, set[str]]:
    """Return the files whose tests are marked with each fault's number."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                for argument in node.args:
                    number = str(ast.literal_eval(argument))
                    found[number].add(str(path.relative_to(ROOT)))
    return found


def rows() -> dict[str, set[str]]:
    """Return the files that the page names for each fault."""
    text = PAGE.read_text("utf-8")
    return {number: set(re.findall(r"`([^`]+)`", tests)) for number, _, tests in ROW.findall(text)}


def test_every_fault_promised_has_a_test_that_names_it() -> None:
    assert sorted(PROMISED - marked().keys()) == []


def test_the_page_names_the_tests_of_each_fault_and_no_others() -> None:
    assert rows() == marked()
