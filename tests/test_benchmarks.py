"""The benchmarks' runner: what hinders one is told and hinders no other, missed is shown first."""

import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import results
from benchmarks.pairs import Row
from benchmarks.results import Result
from benchmarks.run import NAMES, measured

ROOT = Path(__file__).parents[1]
KEPT = Row("quick enough", "1 ms", "2 ms", 0.5, 1.0, n=5)
MISSED = Row("small enough", "9 MB", "3 MB", 3.0, 1.6, n=5)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "some_benchmarks"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "some_benchmarks", ModuleType("some_benchmarks"))
    sys.modules["some_benchmarks"].__path__ = [str(folder)]
    return folder


def test_a_missing_peer_is_a_benchmark_that_was_not_run(package: Path) -> None:
    (package / "peer.py").write_text('"""About."""\nimport a_peer_that_is_not_there\n')
    found = measured("peer", "some_benchmarks")
    assert "a_peer_that_is_not_there" in found.not_run
    assert not found.holds


def test_a_failing_benchmark_tells_its_reason_and_ends_nothing(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (package / "broken.py").write_text('"""About."""\ndef measure():\n    raise OSError("a | b")\n')
    found = measured("broken", "some_benchmarks")
    assert found.not_run == "OSError: a / b"
    assert found.about == "About."
    assert "Traceback" in capsys.readouterr().err


def test_a_figure_without_a_bound_is_told_and_counts_as_no_promise_kept() -> None:
    told = Row("what it takes", "3 ms", "2 ms", 1.5, math.inf, n=5)
    found = [Result("mixed", "", "2026-11-24", "2 cores", (KEPT, told))]
    assert results.overview(found).splitlines()[0] == "1 kept, 0 missed, 0 not run."
    assert "| what it takes | 3 ms | 2 ms | 1.50 | told | 5 |  |" in results.page(found)


def test_overview_names_date_machine_ratio_bound_and_verdict_missed_ones_first() -> None:
    day, machine = "2026-11-24", "2 cores"
    found = [
        Result("good", "", day, machine, (KEPT,)),
        Result("absent", "", day, machine, not_run="needs a peer"),
        Result("mixed", "", day, machine, (KEPT, MISSED)),
    ]
    lines = results.overview(found).splitlines()
    assert lines[0] == "2 kept, 1 missed, 1 not run."
    assert lines[4] == "| small enough | 3.00 | ≤ 1.6 | **MISSED** | 2026-11-24 | 2 cores |"
    assert lines[5] == "| Absent | – | – | not run: needs a peer | 2026-11-24 | 2 cores |"
    assert lines[6] == "| quick enough | 0.50 | ≤ 1 | kept | 2026-11-24 | 2 cores |"


def test_results_are_the_same_when_read_again(tmp_path: Path) -> None:
    found = {"mixed": Result("mixed", "About", "2026-11-24", "2 cores", (KEPT, MISSED))}
    results.save(found, tmp_path / "results.json")
    assert results.load(tmp_path / "results.json") == found


def test_every_name_has_a_module_and_the_page_is_written_from_what_is_kept() -> None:
    assert [n for n in NAMES if not (ROOT / "benchmarks" / f"{n}.py").is_file()] == []
    kept = results.load()
    ordered = [kept[name] for name in NAMES if name in kept]
    assert results.PAGE.read_text("utf-8") == results.page(ordered)
