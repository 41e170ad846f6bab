"""`tagwire state` carries an archive from one data folder to another."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

PAGE = Path(__file__).parents[1] / "data" / "sample" / "tag-archive.html"


def run(*words: str, data: Path, typed: str | None = None) -> Result:
    return CliRunner().invoke(
        main, words, input=typed, env={"TAGWIRE_DATA": str(data)}, catch_exceptions=False
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state") / "data"
    assert run("import", str(PAGE), data=folder).exit_code == 0
    return folder


def test_a_file_of_state_makes_the_same_archive(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "state.jsonl"
    written = run("state", "export", str(file), data=data)
    assert written.exit_code == 0, written.output
    assert file.stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["state.jsonl"]
    read = run("state", "import", str(file), data=tmp_path / "new")
    assert read.exit_code == 0, read.output
    assert run("export", data=tmp_path / "new").stdout == run("export", data=data).stdout != ""
    again = run("state", "import", str(file), data=tmp_path / "new")
    assert again.exit_code == 1
    assert "empty" in again.stderr


def test_state_goes_through_standard_output_and_input(data: Path, tmp_path: Path) -> None:
    lines = run("state", "export", "-", data=data).stdout
    assert run("state", "import", "-", data=tmp_path / "new", typed=lines).exit_code == 0
    assert run("export", data=tmp_path / "new").stdout == run("export", data=data).stdout


def test_a_state_that_is_not_there_or_cannot_be_written_is_a_sentence(
    data: Path, tmp_path: Path
) -> None:
    absent = run("state", "import", str(tmp_path / "none"), data=tmp_path / "new")
    assert (absent.exit_code, "cannot be read" in absent.stderr) == (1, True)
    nowhere = run("state", "export", str(tmp_path / "no" / "file"), data=data)
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (1, True)
    without = run("state", "export", "-", data=tmp_path / "nothing")
    assert (without.exit_code, without.stdout) == (1, "")
