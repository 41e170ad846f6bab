"""Each example runs as its README says, on an archive made for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store import Store
from tests.conftest import Newsroom, make_entry

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
# As in pyproject.toml: an error, but for the one that discord.py's voice code raises.
WARNINGS = ["-W", "error", "-W", "ignore:'audioop' is deprecated:DeprecationWarning"]


@pytest.fixture
async def archive(tmp_path: Path, newsroom: Newsroom) -> Path:
    await newsroom.publish(
        make_entry("Water for all", body="Rivers rise.", tags=["UN"], url="https://e.org/1"),
        make_entry("Bread", body="Flour and water.", tags=["Food"], url="https://e.org/2"),
    )
    return newsroom.store.folder


def run(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *WARNINGS, EXAMPLES / name, *map(str, words)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_every_example_is_tested_and_in_the_readme() -> None:
    readme = (EXAMPLES / "README.md").read_text("utf-8")
    tests = Path(__file__).read_text("utf-8")
    names = [path.name for path in EXAMPLES.glob("*.py")]
    assert len(names) >= 4
    assert [n for n in names if f"examples/{n}" not in readme or f'"{n}"' not in tests] == []


def test_search_the_archive(archive: Path) -> None:
    done = run("search_the_archive.py", archive, "tag:UN")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 for tag:UN\n")
    assert "Water for all" in done.stdout


def test_read_a_feed_file() -> None:
    done = run("read_a_feed_file.py", ROOT / "data" / "sample" / "tag-archive.txt")
    assert done.returncode == 0, done.stderr
    assert "date unknown" in done.stdout
    assert done.stdout.count("\n- ") >= 3


def test_back_test_a_query(archive: Path) -> None:
    done = run("back_test_a_query.py", archive, "water", "36500")
    assert done.returncode == 0, done.stderr
    assert "in 36500 days" in done.stdout
    wrong = run("back_test_a_query.py", archive, "tga:UN", "30")
    assert wrong.returncode == 1
    assert "did you mean" in wrong.stdout


async def test_preview_a_card(archive: Path) -> None:
    async with Store.open(archive, read_only=True) as store:
        [article, *_] = [a async for a in store.articles.each()]
    done = run("preview_a_card.py", archive, str(article.id))
    assert done.returncode == 0, done.stderr
    assert article.title in json.dumps(json.loads(done.stdout), ensure_ascii=False)
