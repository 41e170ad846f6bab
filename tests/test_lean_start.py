"""What the running bot's own process holds: parsers belong to its workers, the rest waits."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMPORTS = """
import importlib, pkgutil, sys
import bot.app, cogs
for found in pkgutil.iter_modules(cogs.__path__):
    importlib.import_module(f"cogs.{found.name}")
print(*sorted(sys.modules))
"""
BACKUP = "import sys, bot.cli, bot.store.backup; print(*sorted(sys.modules))"


def test_bot_and_its_cogs_load_no_parser_and_nothing_that_draws() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = (
        *("feedparser", "selectolax", "dateparser", "PIL", "nh3", "bot.ingest.formats"),
        *("numpy", "rapidfuzz", "multiprocessing.pool", "sentry_sdk"),
    )
    assert "bot.ingest.poll" in loaded
    assert "cogs.archive" in loaded
    assert [name for name in loaded if name.startswith(heavy)] == []


def test_a_backup_loads_next_to_nothing_of_the_store() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", BACKUP], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "bot.store.snapshot" in loaded
    unneeded = {"asyncio", "aiosqlite", "bot.store.opened", "bot.store.articles", "bot.query"}
    assert unneeded.isdisjoint(loaded)
