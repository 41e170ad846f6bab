"""Runs the benchmarks, prints a table each, writes docs/benchmarks.md: `./tagwire bench`."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.pairs import Row, table

# A benchmark is a module here with `measure() -> Sequence[Row]`.
NAMES = ("main_job", "delivery", "matching")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def machine() -> str:
    """Return what the figures were measured on, without naming the machine."""
    python = platform.python_version()
    return f"{os.cpu_count()} cores, Python {python}, SQLite {sqlite3.sqlite_version}"


def main() -> int:
    """Measure the named benchmarks, or all; return 1 when a promise was missed."""
    parser = argparse.ArgumentParser(prog="tagwire bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which (default: all)")
    chosen = parser.parse_args().names or list(NAMES)
    sections: dict[str, list[Row]] = {}
    for name in chosen:
        print(f"measuring {name} …", file=sys.stderr)
        module = importlib.import_module(f"benchmarks.{name}")
        sections[name] = list(module.measure())
        print(f"\n{table(sections[name])}\n", flush=True)
    if len(chosen) == len(NAMES):
        write_page(sections)
    return 0 if all(row.holds for rows in sections.values() for row in rows) else 1


def write_page(sections: dict[str, list[Row]]) -> None:
    """Write docs/benchmarks.md from what was measured."""
    day = datetime.now(UTC).date().isoformat()
    parts = [
        "# Benchmarks",
        "Written by `./tagwire bench`. Ratios are medians of interleaved pairs, both sides "
        f"measured in one run. Measured {day}: {machine()}.",
    ]
    for name, rows in sections.items():
        module = importlib.import_module(f"benchmarks.{name}")
        parts += [f"## {name.replace('_', ' ').capitalize()}", module.__doc__ or "", table(rows)]
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
