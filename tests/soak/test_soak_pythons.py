"""The wheel with its pinned packages in an empty environment of each Python that is present.

It fetches the packages, so it is no part of the suite; a Python that is absent is said to be.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample" / "tag-archive.html"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
INSTALL_S, VERB_S = 600, 60


def found(version: str) -> Iterator[str]:
    """Yield the interpreters of a version: on the path, or kept by pyenv."""
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    yield from map(str, sorted(kept.glob(f"{version}.*/bin/python{version}"), reverse=True))


def works(python: str) -> bool:
    """Tell an interpreter from a shim that leads nowhere."""
    done = subprocess.run(
        [python, "-c", "import venv, ensurepip"], capture_output=True, check=False
    )
    return done.returncode == 0


def run(*command: str | Path, cwd: Path, seconds: int = VERB_S) -> str:
    """Run a command with no trace of the checkout; return what it printed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TAGWIRE_", "PYTHON"))}
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=kept, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    [file] = folder.iterdir()
    return file


@pytest.fixture(params=VERSIONS)
def tagwire(request: pytest.FixtureRequest, wheel: Path, tmp_path: Path) -> Path:
    """Install the wheel as a person would; return its program."""
    python = next(filter(works, found(request.param)), None)
    if python is None:
        pytest.skip(f"Python {request.param} is not on this machine: it was not run")
    run(python, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    programs = tmp_path / "venv" / "bin"
    pip: list[str | Path] = [programs / "python", "-m", "pip", "install", "--quiet"]
    pins = ROOT / "requirements.txt"
    run(*pip, "--require-hashes", "-r", pins, cwd=tmp_path, seconds=INSTALL_S)
    run(*pip, "--no-deps", wheel, cwd=tmp_path, seconds=INSTALL_S)
    return programs / "tagwire"


def test_wheel_imports_answers_backs_up_and_plays(tagwire: Path, tmp_path: Path) -> None:
    assert "4 new" in run(tagwire, "import", SAMPLE, cwd=tmp_path)
    assert "Gulf Stream" in run(tagwire, "search", "gulf stream", cwd=tmp_path)
    run(tagwire, "backup", "kept.db", cwd=tmp_path)
    run(tagwire, "restore", "kept.db", "--yes", cwd=tmp_path)
    run(tagwire, "doctor", cwd=tmp_path)
    command: list[str | Path] = [tagwire, "playground", "--headless"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as played:
        assert played.stdout is not None
        told = [played.stdout.readline(), played.stdout.readline()]
        played.send_signal(signal.SIGTERM)
        assert played.wait(VERB_S) == 0
    assert told[1].startswith("The bot is connected."), told
