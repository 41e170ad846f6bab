"""Takedowns and changes to tags, as an operator types them, and that they outlive a re-import."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

PAGE = """<rss version="2.0"><channel><title>Quay</title><link>https://quay.example/</link>
<item><title>Harbour opens</title><link>https://quay.example/1</link><category>Harbor</category>
<pubDate>Mon, 04 May 2026 08:00:00 GMT</pubDate><description>It is open.</description></item>
<item><title>Tide falls</title><link>https://quay.example/2</link><category>Ports</category>
<pubDate>Tue, 05 May 2026 08:00:00 GMT</pubDate><description>It fell.</description></item>
</channel></rss>"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("TAGWIRE_TOKEN", raising=False)
    (tmp_path / "feed.xml").write_text(PAGE, encoding="utf-8")
    runner = CliRunner()

    def words(*typed: str) -> Result:
        return runner.invoke(main, list(typed))

    assert words("import", str(tmp_path / "feed.xml")).exit_code == 0
    return words


def titles(run: Run, query: str) -> list[str]:
    return [article["title"] for article in json.loads(run("search", query, "--json").stdout)]


def tags_of(run: Run, article_id: str) -> list[str]:
    article: dict[str, list[str]] = json.loads(run("show", article_id, "--json").stdout)
    return article["tags"]


def test_a_merged_tag_is_found_by_both_names_and_stays_merged_on_re_import(
    run: Run, tmp_path: Path
) -> None:
    assert run("tags", "merge", "Harbor", "Ports").exit_code == 0
    (tmp_path / "feed.xml").write_text(PAGE.replace("It is open.", "It opened."), encoding="utf-8")
    assert json.loads(run("import", str(tmp_path / "feed.xml"), "--json").stdout)["updated"] == 1
    assert sorted(titles(run, 'tag:"Ports"')) == ["Harbour opens", "Tide falls"]
    assert sorted(titles(run, 'tag:"Harbor"')) == ["Harbour opens", "Tide falls"]
    assert {tuple(tags_of(run, i)) for i in "12"} == {("Ports",)}


def test_a_renamed_tag_keeps_its_new_name_on_re_import(run: Run, tmp_path: Path) -> None:
    assert run("tags", "rename", "Harbor", "Quayside").exit_code == 0
    assert titles(run, "Quayside") == ["Harbour opens"]
    report = json.loads(run("import", str(tmp_path / "feed.xml"), "--json").stdout)
    assert (report["new"], report["updated"]) == (0, 0)
    assert titles(run, "tag:Harbor") == titles(run, "tag:Quayside") == ["Harbour opens"]


def test_an_alias_finds_the_tag_and_changes_no_article(run: Run) -> None:
    assert run("tags", "alias", "Docks", "Ports").exit_code == 0
    assert titles(run, "tag:Docks") == ["Tide falls"]


def test_a_tag_that_is_not_there_and_a_taken_name_are_sentences(run: Run) -> None:
    unknown = run("tags", "merge", "Nothing", "Ports")
    taken = run("tags", "rename", "Harbor", "Ports")
    same = run("tags", "alias", "ports", "Ports")
    assert all(done.exit_code and "Traceback" not in done.output for done in (unknown, taken, same))
    assert "Nothing" in unknown.output
    assert "tags merge" in taken.output


@pytest.mark.parametrize("verb", ["hide", "remove"])
def test_a_takedown_is_never_imported_again(run: Run, tmp_path: Path, verb: str) -> None:
    found = json.loads(run("search", "Harbour", "--json").stdout)[0]["id"]
    assert run("articles", verb, str(found)).exit_code == 0
    changed = PAGE.replace("It is open.", "It is open at last.")
    (tmp_path / "feed.xml").write_text(changed, encoding="utf-8")
    report = json.loads(run("import", str(tmp_path / "feed.xml"), "--json").stdout)
    assert (report["new"], report["updated"]) == (0, 0)
    assert titles(run, "Harbour") == []
    assert run("show", str(found)).exit_code != 0


def test_removing_erases_the_text(run: Run, tmp_path: Path) -> None:
    assert "It is open." in " ".join(_blocks(tmp_path))
    assert run("articles", "remove", "1").exit_code == 0
    assert run("articles", "remove", "2").exit_code == 0
    assert _blocks(tmp_path) == {"[]"}


def _blocks(folder: Path) -> set[str]:
    connection = sqlite3.connect(folder / "data" / "tagwire.db")
    try:
        return {row[0] for row in connection.execute("SELECT blocks FROM articles")}
    finally:
        connection.close()
