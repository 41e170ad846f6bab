"""Certificates are verified: nobody on the way can answer in a feed's name, or Discord's."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import FetchError
from bot.ingest.addresses import Guard
from bot.ingest.fetch import Fetcher, open_session

NOW = datetime(2026, 5, 4, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    """A certificate for this very address that nobody vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    named = ("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run([openssl, *made, *named, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_feed_whose_certificate_nobody_vouches_for_is_not_read(
    own_certificate: ssl.SSLContext,
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="<rss/>")

    app = web.Application()
    app.router.add_get("/feed", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own_certificate).start()
        guard = Guard(allow_private=True)
        async with open_session(guard) as session:
            fetcher = Fetcher(session, guard, contact=None)
            with pytest.raises(FetchError) as caught:
                await fetcher.get(f"https://127.0.0.1:{runner.addresses[0][1]}/feed", now=NOW)
    finally:
        await runner.cleanup()
    assert asked == []
    assert caught.value.key == "ingest.fetch_tls"


def test_nothing_of_ours_asks_for_an_unverified_connection() -> None:
    loose = re.compile(
        r"ssl\s*=\s*False|verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_create_unverified"
    )
    sources = [path for folder in ("bot", "cogs") for path in (ROOT / folder).rglob("*.py")]
    assert sources
    assert [path.name for path in sources if loose.search(path.read_text("utf-8"))] == []
