"""The wheel, installed where nothing of the checkout can be reached."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from bot.chat.client import EXTENSIONS

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TAGWIRE_", "PYTHON"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def built(kind: str, folder: Path) -> Path:
    """Build with the pinned back end itself: no isolation, no network."""
    done = run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    [file] = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment that borrows only the third parties of this one."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    if uv := shutil.which("uv"):
        pip: list[str | Path] = [uv, "pip", "install", "--offline", "--python", python]
    elif importlib.util.find_spec("pip"):
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index"]
    else:
        pytest.skip("there is neither uv nor pip to install the wheel with")
    done = run(*pip, "--no-deps", wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # A path named in a .pth file is searched, but its own .pth files are not read: the editable
    # installation of the checkout stays out of reach.
    (home / "lib" / version / "site-packages" / "third-parties.pth").write_text("\n".join(borrowed))
    return home / "bin"


def test_wheel_holds_everything_that_code_opens_by_itself(names: set[str]) -> None:
    kept = [
        path.relative_to(ROOT).as_posix()
        for folder in ("bot", "cogs")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert [name for name in kept if name not in names] == []
    for needed in (
        "bot/store/migrations/0001_archive_and_outbox.sql",
        "bot/playground/page/index.html",
        "bot/playground/sample/archive.xml",
        "bot/messages/en/error.toml",
    ):
        assert needed in names


def test_wheel_holds_nothing_else(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bot", "cogs"}
    assert not [name for name in names if name.endswith((".pyc", ".db", ".env"))]


def test_source_archive_holds_no_database_and_no_environment(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path)) as archive:
        members = [name.partition("/")[2] for name in archive.getnames()]
    assert "tagwire" in members
    assert "requirements.txt" in members
    assert not [m for m in members if m.startswith(".venv") or m.endswith((".db", ".env"))]


def test_installed_code_is_the_wheels(programs: Path, tmp_path: Path) -> None:
    done = run(programs / "python", "-c", "import bot; print(bot.__file__)", cwd=tmp_path)
    assert done.stdout.startswith(str(programs.parent)), done


def test_installed_program_lists_its_verbs(programs: Path, tmp_path: Path) -> None:
    done = run(programs / "tagwire", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for verb in ("run", "import", "search", "playground", "doctor", "backup", "restore"):
        assert f"  {verb} " in done.stdout


def test_every_cog_loads_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    lines = "; ".join(f"import {name}; {name}.setup" for name in EXTENSIONS)
    assert lines
    done = run(programs / "python", "-W", "error::ImportWarning", "-c", lines, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_doctor_makes_no_complaint_of_a_fresh_installation(programs: Path, tmp_path: Path) -> None:
    done = run(programs / "tagwire", "doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_data_goes_to_the_working_directory(programs: Path, tmp_path: Path) -> None:
    sample = ROOT / "data" / "sample" / "tag-archive.txt"
    done = run(programs / "tagwire", "import", sample, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "tagwire.db").is_file()
