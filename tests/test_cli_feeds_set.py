"""How an operator sets what is shown of a feed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

SENTENCE = "The tide mill of Port Veld grinds again after forty years of silence. "
PAGE = f"""<rss version="2.0"><channel><title>Quay</title><link>https://quay.example/</link>
<item><title>Mill turns again at Port Veld</title><link>https://quay.example/1</link>
<pubDate>Mon, 04 May 2026 08:00:00 GMT</pubDate>
<description>{SENTENCE * 20}</description></item></channel></rss>"""
COPY = PAGE.replace("Quay", "Lowen Post").replace("quay.", "lowen.")

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("TAGWIRE_TOKEN", raising=False)
    runner = CliRunner()

    def words(*typed: str) -> Result:
        return runner.invoke(main, list(typed))

    for name, text in (("a.xml", PAGE), ("b.xml", COPY)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert words("import", str(tmp_path / name)).exit_code == 0
    return words


def test_a_feed_is_set_to_excerpts_and_back_without_loss(run: Run) -> None:
    whole = run("show", "1", "--json").stdout
    told = run("feeds", "set", "1", "--excerpts")
    assert told.exit_code == 0 and "only the beginning" in told.stdout
    cut = json.loads(run("show", "1", "--json").stdout)
    assert cut["paragraphs"] == [(SENTENCE * 4).strip()] and cut["truncated"]
    exported = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert [len(a["paragraphs"][0]) <= 300 for a in exported] == [True, False]
    assert "--full" not in run("feeds", "set", "1", "--full").stdout
    assert run("show", "1", "--json").stdout == whole


def test_a_feed_gets_another_name(run: Run) -> None:
    made = json.loads(run("feeds", "set", "1", "--name", "Quay News", "--json").stdout)
    assert (made["title"], made["excerpts_only"]) == ("Quay News", False)
    found = json.loads(run("search", 'feed:"Quay News"', "--json").stdout)
    assert [a["id"] for a in found] == [1]


def test_a_feed_that_is_not_there_is_told(run: Run) -> None:
    told = run("feeds", "set", "77", "--excerpts")
    assert told.exit_code != 0 and "Traceback" not in told.output and "77" in told.output


def test_a_search_prints_a_story_once_and_where_else_it_is(run: Run) -> None:
    (found,) = json.loads(run("search", "mill", "--json").stdout)
    assert found["also_at"] == ["Quay"]
