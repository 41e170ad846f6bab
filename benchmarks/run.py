"""Runs the benchmarks, prints one table of all promises, writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sqlite3
import sys
import traceback
from datetime import UTC, datetime

from benchmarks import results
from benchmarks.pairs import table
from benchmarks.results import Result

# A benchmark is a module here with `measure() -> Sequence[Row]`.
NAMES = (
    *("main_job", "delivery", "matching", "operations", "ingest", "polling", "cleaning"),
    *("samples", "search", "autocomplete", "playground"),
)


def machine() -> str:
    """Return what the figures were measured on, without naming the machine."""
    python = platform.python_version()
    return f"{os.cpu_count()} cores, Python {python}, SQLite {sqlite3.sqlite_version}"


def measured(name: str, package: str = "benchmarks") -> Result:
    """Measure one benchmark; what hinders it is told, and hinders no other."""
    day = datetime.now(UTC).date().isoformat()
    about = ""
    try:
        module = importlib.import_module(f"{package}.{name}")
        about = module.__doc__ or ""
        return Result(name, about, day, machine(), tuple(module.measure()))
    except ImportError as error:
        reason = f"needs {error.name}; `./tagwire bench` installs the peers"
    except Exception as error:
        traceback.print_exc()
        first = next(iter(str(error).splitlines()), "")
        reason = f"{type(error).__name__}: {first}".removesuffix(": ").replace("|", "/")
    return Result(name, about, day, machine(), not_run=reason)


def main() -> int:
    """Measure the named benchmarks, or all; return 1 when a promise was missed or not measured."""
    parser = argparse.ArgumentParser(prog="tagwire bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which (default: all)")
    chosen = parser.parse_args().names or list(NAMES)
    kept = {name: found for name, found in results.load().items() if name in NAMES}
    for name in chosen:
        print(f"measuring {name} …", file=sys.stderr)
        kept[name] = found = measured(name)
        # After each one: a run that is broken off has measured something all the same.
        results.save(kept)
        print(f"\n{table(found.rows) if found.rows else found.not_run}\n", flush=True)
    ordered = [kept[name] for name in NAMES if name in kept]
    print(results.overview(ordered))
    results.PAGE.write_text(results.page(ordered), encoding="utf-8")
    return 0 if all(kept[name].holds for name in chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
