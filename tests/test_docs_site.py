"""The documentation site: every page is in it, links lead somewhere, nothing asks another site."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "docs" / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_listed_and_begins_with_readme(tmp_path: Path) -> None:
    site = builder()
    docs = tmp_path / "docs"
    site.stage(docs)
    listed = tomllib.loads(site.configuration(docs))["project"]["nav"]
    assert listed[0] == {"Tagwire": "index.md"}
    assert _paths(next(iter(listed[1].values()))) == ["tutorial.md"]
    named = {p for entry in listed for value in entry.values() for p in _paths(value)}
    assert named == {p.relative_to(docs).as_posix() for p in docs.rglob("*.md")}
    pages = list((ROOT / "docs").rglob("*.md"))
    assert len(named) == len(pages) + 1 + len(site.BESIDE)


def _paths(value: object) -> list[str]:
    if isinstance(value, list):
        return [path for entry in value for path in entry.values()]
    return [str(value)]


def test_links_out_of_the_docs_are_mended_or_named(tmp_path: Path) -> None:
    site = builder()
    site.stage(tmp_path / "docs")
    first = (tmp_path / "docs" / "index.md").read_text("utf-8")
    assert "](how-to/deploy.md)" in first
    assert "](CONTRIBUTING.md)" in first
    assert "LICENSE (`LICENSE`)" in first


def test_a_page_that_loads_from_elsewhere_is_found(tmp_path: Path) -> None:
    site = builder()
    (tmp_path / "good.html").write_text('<a href="https://example.org">a link</a>')
    assert site.elsewhere(tmp_path) == []
    (tmp_path / "bad.html").write_text('<script src="https://example.org/x.js"></script>')
    (tmp_path / "bad.css").write_text("a { background: url(https://example.org/x.png) }")
    assert site.elsewhere(tmp_path) == ["bad.css", "bad.html"]


@pytest.mark.timeout(120)
def test_site_is_built_strictly_and_asks_no_other_site(tmp_path: Path) -> None:
    pytest.importorskip("zensical", reason="zensical is installed by ./tagwire docs")
    site = builder()
    command = [sys.executable, str(ROOT / "docs" / "site.py"), str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "index.html").is_file()
    assert site.elsewhere(tmp_path / "site") == []
