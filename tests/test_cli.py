"""The verbs as a script would run them: in process by click's runner, on a real store."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.messages import catalogue
from bot.settings import SETTINGS

PAGE = """The Harbour Log
News from the quay

Tag Archives: Tides

New gauge measures the spring tide

Ada Quill and Bo Marsh wrote . . . . .

The harbour has a new gauge at its northern mole. It writes down the water every minute.

What it found

The spring tide came a hand higher than the almanac said.

Source : The Quay Gazette

Chart: Water at the mole
"""

FEED = """<rss version="2.0"><channel><title>Quay</title><link>https://quay.example/</link>
<item><title>Harbour opens</title><link>https://quay.example/1</link>
<pubDate>Mon, 04 May 2026 08:00:00 GMT</pubDate><description>It is open.</description></item>
</channel></rss>"""

OPML = """<opml version="2.0"><body>
<outline text="Quay" xmlUrl="quay.example/feed"/>
<outline text="Quay again" xmlUrl="https://quay.example/feed"/>
<outline text="Bad" xmlUrl="file:///etc/passwd"/>
</body></opml>"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TAGWIRE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("TAGWIRE_TOKEN", raising=False)
    runner = CliRunner()
    return lambda *words: runner.invoke(main, list(words))


@pytest.fixture
def page(tmp_path: Path) -> str:
    path = tmp_path / "page.txt"
    path.write_text(PAGE, encoding="utf-8")
    return str(path)


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_import_prints_its_report_and_twice_changes_nothing(run: Run, page: str) -> None:
    first = printed(run("import", page, "--json"))
    assert first == {"read": 2, "new": 2, "updated": 0, "unchanged": 0, "problems": []}
    second = run("import", page)
    assert "nothing changed" in second.stdout
    assert printed(run("import", page, "--json"))["unchanged"] == 2


def test_a_folder_without_a_store_has_no_feeds_and_says_so(run: Run, tmp_path: Path) -> None:
    assert printed(run("feeds", "list", "--json")) == []
    assert printed(run("feeds", "status", "--json")) == []
    assert "feeds add" in run("feeds", "list").stderr
    assert not (tmp_path / "data").exists(), "looking makes no store"


def test_import_of_nothing_readable_ends_with_2_and_stores_nothing(
    run: Run, tmp_path: Path
) -> None:
    noise = tmp_path / "noise.bin"
    noise.write_bytes(bytes(range(256)) * 8)
    result = run("import", str(noise), str(tmp_path / "absent.txt"), "--json")
    assert result.exit_code == 2
    problems = json.loads(result.stdout)["problems"]
    assert [set(problem) for problem in problems] == [{"where", "what"}] * 2
    assert "no file" in problems[1]["what"]
    assert run("import", str(noise)).exit_code == 2


def test_one_readable_file_among_others_is_enough(run: Run, page: str, tmp_path: Path) -> None:
    result = run("import", str(tmp_path / "absent.txt"), page, "--json")
    report = printed(result)
    assert (report["new"], len(report["problems"])) == (2, 1)


def test_dry_run_shows_the_first_articles_and_stores_nothing(
    run: Run, page: str, tmp_path: Path
) -> None:
    result = run("import", "--dry-run", page)
    assert "New gauge measures the spring tide" in result.stdout
    assert "2 articles would be imported" in result.stdout
    assert not (tmp_path / "data").exists()


def test_an_article_has_the_shape_of_the_contract(run: Run, page: str) -> None:
    run("import", page)
    [article] = printed(run("search", "gauge", "--json"))
    assert article["title"] == "New gauge measures the spring tide"
    assert article["authors"] == ["Ada Quill", "Bo Marsh"]
    assert article["source"] == "The Quay Gazette"
    assert article["tags"] == ["Tides"]
    assert (article["published_at"], article["updated_at"]) == (None, None)
    assert article["kind"] == "article"
    assert article["truncated"] is False
    assert article["subheadings"] == ["What it found"]
    assert len(article["paragraphs"]) == 2
    assert article["blocks"][1] == {"type": "subheading", "text": "What it found"}
    assert article.keys() >= {"id", "poster", "url", "feed"}
    assert printed(run("show", str(article["id"]), "--json")) == article


def test_search_finds_nothing_quietly_and_takes_a_query_that_begins_with_a_minus(
    run: Run, page: str
) -> None:
    run("import", page)
    assert printed(run("search", "tag:Zeppelins", "--json")) == []
    rest = printed(run("search", "--json", "--", "-gauge"))
    assert [article["title"] for article in rest] == ["Chart: Water at the mole"]
    assert len(printed(run("search", "tag:Tides", "--json", "--limit", "1"))) == 1
    assert "gauge" in run("search", "tide").stdout


def test_a_slip_of_the_pen_is_repaired_and_said(run: Run, page: str) -> None:
    run("import", page)
    result = run("search", "guage", "--json")
    assert [article["title"] for article in printed(result)] == [
        "New gauge measures the spring tide"
    ]
    assert "guage" in run("search", "guage").stderr


def test_export_writes_every_article_by_id_a_line_each(run: Run, page: str) -> None:
    run("import", page)
    result = run("export", "--json-lines")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert len(rows) == 2


@pytest.mark.parametrize(
    "words", [("show", "77"), ("feeds", "remove", "77"), ("feeds", "refresh", "77")]
)
def test_what_does_not_exist_is_a_sentence(run: Run, page: str, words: tuple[str, ...]) -> None:
    run("import", page)
    result = run(*words)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "77" in result.stderr
    assert "Traceback" not in result.output


def test_a_store_that_is_not_there_is_a_sentence(run: Run) -> None:
    result = run("search", "x")
    assert result.exit_code == 1
    assert "tagwire import" in result.stderr


def test_a_wrong_setting_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGWIRE_POLL_INTERVAL", "soon")
    result = run("search", "x")
    assert result.exit_code == 1
    assert "TAGWIRE_POLL_INTERVAL is soon" in result.stderr


def test_running_without_a_token_says_how_to_get_one_or_go_on_without(run: Run) -> None:
    result = run("run")
    assert result.exit_code == 1
    assert "TAGWIRE_TOKEN" in result.stderr


def test_config_shows_values_with_their_origin_and_no_secret(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGWIRE_TOKEN", "very-secret-token")
    result = run("config")
    assert "TAGWIRE_TOKEN=***  (environment)" in result.stdout
    assert "very-secret" not in result.output
    assert "TAGWIRE_POLL_INTERVAL=900  (default)" in result.stdout
    lines = result.stdout.splitlines()
    for number, setting in enumerate(SETTINGS):
        assert lines[2 * number].startswith(f"{setting.name}=")
        assert lines[2 * number + 1].strip() == catalogue().say(setting.meaning)
    shown = printed(run("config", "--json"))
    assert [row["name"] for row in shown] == [setting.name for setting in SETTINGS]
    assert (shown[0]["value"], shown[0]["from"]) == ("***", "environment")
    assert all(row["meaning"] and row["accepted"] for row in shown)


def test_opml_is_shown_first_and_added_only_when_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_text(OPML)
    shown = printed(run("feeds", "import-opml", str(tmp_path / "list.opml"), "--json"))
    assert [feed["url"] for feed in shown["feeds"]] == ["https://quay.example/feed"]
    assert shown["feeds"][0]["added"] is False
    assert shown["problems"]
    assert not (tmp_path / "data" / "tagwire.db").exists()
    run("feeds", "import-opml", "--yes", str(tmp_path / "list.opml"))
    [feed] = printed(run("feeds", "list", "--json"))
    assert feed["url"] == "https://quay.example/feed"
    again = run("feeds", "import-opml", str(tmp_path / "list.opml"))
    assert again.stdout.startswith("= Quay  https://quay.example/feed"), "known is told from new"
    shown = printed(run("feeds", "import-opml", "--yes", "--json", str(tmp_path / "list.opml")))
    assert (shown["feeds"][0]["known"], shown["feeds"][0]["added"]) == (True, False)
    exported = run("feeds", "export-opml").stdout
    assert 'xmlUrl="https://quay.example/feed"' in exported
    assert run("feeds", "remove", str(feed["id"])).exit_code == 0
    assert printed(run("feeds", "list", "--json")) == []


def test_a_key_in_a_listed_address_is_shown_nowhere_and_kept(run: Run, tmp_path: Path) -> None:
    line = '<outline text="Quay" xmlUrl="https://quay.example/feed?api_key=abc123"/>'
    (tmp_path / "list.opml").write_text(f"<opml><body>{line}</body></opml>")
    for words in ([], ["--json"], ["--yes"], ["--yes", "--json"]):
        shown = run("feeds", "import-opml", *words, str(tmp_path / "list.opml"))
        assert "quay.example" in shown.stdout
        assert "abc123" not in shown.output
    assert "abc123" in run("feeds", "export-opml").stdout, "another reader has to be let in"


def test_a_feed_that_cannot_be_added_is_a_sentence_and_leaves_nothing(run: Run, page: str) -> None:
    run("import", page)
    before = printed(run("feeds", "list", "--json"))
    result = run("feeds", "add", "http://127.0.0.1:9/feed")
    assert result.exit_code == 1
    assert "TAGWIRE_FEED_PORTS" in result.stderr
    assert printed(run("feeds", "list", "--json")) == before


@pytest.fixture
def feed_url() -> Iterator[str]:
    """Serve one feed on loopback from a thread, as the verbs run an event loop of their own."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(FEED.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/feed?token=very-secret"
        server.shutdown()
        thread.join()


def test_a_feed_is_added_listed_refreshed_and_removed(
    run: Run, feed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGWIRE_ALLOW_PRIVATE_FEEDS", "true")
    added = printed(run("feeds", "add", feed_url, "--json"))
    assert (added["title"], added["articles"], added["error"]) == ("Quay", 1, None)
    [listed] = printed(run("feeds", "list", "--json"))
    assert listed == added
    assert listed["url"] == feed_url.replace("very-secret", "***")
    assert printed(run("feeds", "refresh", str(added["id"]), "--json"))["new"] == 0
    status = run("feeds", "status").stdout
    assert "last success" in status
    assert "very-secret" not in status
    assert "stays" in run("feeds", "remove", str(added["id"])).stdout
    assert printed(run("feeds", "list", "--json")) == []
    assert [a["title"] for a in printed(run("search", "harbour", "--json"))] == ["Harbour opens"]


def test_an_address_is_imported_without_becoming_a_polled_feed(
    run: Run, feed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("import", feed_url, "--json")
    assert refused.exit_code == 2
    assert "very-secret" not in refused.output
    monkeypatch.setenv("TAGWIRE_ALLOW_PRIVATE_FEEDS", "true")
    assert printed(run("import", feed_url, "--json"))["new"] == 1
    [feed] = printed(run("feeds", "list", "--json"))
    assert feed["url"] is None


def test_help_loads_none_of_the_heavy_parts() -> None:
    probe = "import sys, bot.cli; print([m for m in sys.modules if m in "
    probe += "('discord', 'aiohttp', 'aiosqlite', 'feedparser', 'marshmallow')])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_module_and_group_answer_with_the_version(run: Run) -> None:
    from bot import __version__

    assert run("version").stdout.strip() == __version__
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == __version__
