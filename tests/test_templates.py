"""The templates of the how-to pages: each is put into a copy of the code, and its test run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOW_TO = ROOT / "docs" / "how-to"
BLOCK = re.compile(r"^```(python|toml|diff)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"`([\w/]+\.\w+)`")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what a template is put into."""
    left_out = shutil.ignore_patterns("__pycache__")
    for name in ("bot", "cogs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    for file in (*(ROOT / "tests").glob("*.py"), *(ROOT / "tests").glob("*/*.py")):
        if not file.name.startswith("test_"):
            target = tmp_path / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def put(page: str, tree: Path) -> list[Path]:
    """Do what a page says; return the files that are new."""
    text = (HOW_TO / page).read_text("utf-8")
    new: list[Path] = []
    for block in BLOCK.finditer(text):
        kind, code = block.groups()
        path = tree / FILE.findall(text[: block.start()])[-1]
        if kind == "diff":
            change(path, code)
        elif kind == "toml":
            path.write_text(path.read_text("utf-8") + code, "utf-8")
        else:
            assert not path.exists(), path
            path.write_text(code, "utf-8")
            new.append(path)
    return new


def change(path: Path, diff: str) -> None:
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines if not line.startswith("-"))
    text = path.read_text("utf-8")
    assert text.count(before) == 1, (path, before)
    path.write_text(text.replace(before, after), "utf-8")


@pytest.mark.parametrize("page", ["write-a-cog.md", "add-a-format.md"])
def test_a_template_does_what_its_own_test_says(page: str, tree: Path) -> None:
    new = put(page, tree)
    tests = [path for path in new if path.name.startswith("test_")]
    assert len(tests) == 1 and len(new) == 2
    style = [sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet", *map(str, new)]
    done = subprocess.run(style, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests[0])]
    env = {"PYTHONPATH": str(tree), "HOME": str(tree)}
    done = subprocess.run(run, cwd=tree, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
