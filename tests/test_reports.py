"""Reports to a Sentry, received on loopback: what arrives, and what never leaves."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot import reports
from bot.errors import TagwireError

ROOT = Path(__file__).parents[1]
REPORTING = """
import logging, sys
from bot import reports
reports.start(sys.argv[1])
secret = "what Mina asked"
try:
    raise ValueError(f"{secret} with M" + "T" * 23 + ".abcdef." + "x" * 27)
except ValueError:
    extra = {"article_id": 7, "query": secret}
    logging.getLogger("bot.chat").exception("app.task_failed", extra=extra)
    logging.getLogger("discord").error("a library heard %s", secret)
import sentry_sdk
sentry_sdk.flush(5)
"""
installed = pytest.mark.skipif(find_spec("sentry_sdk") is None, reason="sentry-sdk is optional")


class _Ingest(BaseHTTPRequestHandler):
    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ingest() -> Iterator[tuple[str, list[bytes]]]:
    bodies: list[bytes] = []
    server = HTTPServer(("127.0.0.1", 0), type("Own", (_Ingest,), {"bodies": bodies}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://key@127.0.0.1:{server.server_port}/1", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@installed
def test_report_tells_the_error_and_its_place_and_no_word_of_a_member(
    ingest: tuple[str, list[bytes]],
) -> None:
    address, bodies = ingest
    subprocess.run([sys.executable, "-c", REPORTING, address], cwd=ROOT, check=True, timeout=15)
    said = b"\n".join(bodies).decode()
    assert "Mina" not in said
    assert "TTTTTTTT" not in said
    events = [json.loads(line) for line in said.splitlines() if '"exception"' in line]
    ours = next(event for event in events if event["logger"] == "bot.chat")
    assert ours["logentry"]["message"] == "app.task_failed"
    assert ours["extra"] == {"article_id": 7}
    assert ours["exception"]["values"][0]["type"] == "ValueError"
    assert ours["exception"]["values"][0]["stacktrace"]["frames"][-1]["lineno"] == 7


@installed
def test_what_is_no_dsn_is_told_and_not_repeated() -> None:
    with pytest.raises(TagwireError) as told:
        reports.start("postgres//secret")
    assert told.value.key == "app.sentry_dsn"
    assert "secret" not in str(told.value.params)


def test_setting_without_the_package_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(TagwireError) as told:
        reports.start("http://key@127.0.0.1:1/1")
    assert told.value.key == "app.sentry_missing"
