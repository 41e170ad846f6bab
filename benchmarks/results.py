"""What was measured last, benchmark by benchmark, and the page that is written from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.pairs import Row, said, table

KEPT = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

Every promise with a figure, as measured last. Written by `./tagwire bench` (or `benchmarks/run`),
which measures all, or the named ones. Ratios are medians of interleaved pairs, both sides measured
in one run; a missed promise is shown as missed, and what could not be measured as not run."""


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's rows, or why there are none, with the day and the machine."""

    name: str
    about: str
    day: str
    machine: str
    rows: tuple[Row, ...] = ()
    not_run: str = ""

    @property
    def holds(self) -> bool:
        """Whether it ran and kept every promise."""
        return bool(self.rows) and not self.not_run and all(row.holds for row in self.rows)


def load(path: Path = KEPT) -> dict[str, Result]:
    """Return the last result of each benchmark by name."""
    if not path.is_file():
        return {}
    kept: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return {
        item["name"]: Result(**{**item, "rows": tuple(Row(**row) for row in item["rows"])})
        for item in kept
    }


def save(results: Mapping[str, Result], path: Path = KEPT) -> None:
    """Keep the results for a later run that measures only some."""
    text = json.dumps([asdict(r) for r in results.values()], indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def page(results: Sequence[Result]) -> str:
    """Return the page: one table of all promises, then what each benchmark compares."""
    parts = [_HEAD, overview(results)]
    for found in results:
        parts += [f"## {title(found.name)}", found.about.strip()]
        parts.append(table(found.rows) if found.rows else f"Not run: {found.not_run}")
    return "\n\n".join(parts) + "\n"


def overview(results: Sequence[Result]) -> str:
    """Return one table of all promises: date, machine, ratio, bound, verdict; missed ones first."""
    lines = [line for found in results for line in _lines(found)]
    lines.sort(key=lambda line: line[0])
    counts = [sum(line[0] == rank for line in lines) for rank in range(3)]
    summary = f"{counts[2]} kept, {counts[0]} missed, {counts[1]} not run."
    head = "| promise | ratio | bound | verdict | measured | machine |\n|---|---|---|---|---|---|"
    return "\n".join([summary, "", head, *(text for _, text in lines)])


def title(name: str) -> str:
    """Return a benchmark's name as a heading."""
    return name.replace("_", " ").capitalize()


def _lines(found: Result) -> list[tuple[int, str]]:
    where = f"{found.day} | {found.machine} |"
    if not found.rows:
        return [(1, f"| {title(found.name)} | – | – | not run: {found.not_run} | {where}")]
    return [
        (
            2 if row.holds else 0,
            f"| {row.promise} | {said(row.ratio)} | {'≥' if row.at_least else '≤'} {row.bound:g} "
            f"| {'kept' if row.holds else '**MISSED**'} | {where}",
        )
        for row in found.rows
        if row.promises
    ]
