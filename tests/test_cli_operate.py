"""The verbs of whoever runs the bot."""

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from click.testing import CliRunner, Result

from bot.chat.permissions import NEEDED
from bot.cli import main


def run(*words: str, home: Path, token: str = "") -> Result:
    env = {
        "TAGWIRE_HOME": str(home),
        "TAGWIRE_DATA": str(home / "data"),
        "TAGWIRE_TOKEN": token,
        "TAGWIRE_TOKEN_FILE": "",
    }
    return CliRunner().invoke(main, words, env=env)


def test_invite_asks_for_what_posting_needs_and_nothing_else(tmp_path: Path) -> None:
    token = base64.b64encode(b"123456789012345678").decode().rstrip("=") + ".GabcdE.secret"
    link = run("invite", home=tmp_path, token=token).stdout
    asked = parse_qs(urlsplit(link.strip()).query)
    assert asked["client_id"] == ["123456789012345678"]
    assert asked["scope"] == ["bot applications.commands"]
    needed = {name for names in NEEDED.values() for name in names}
    granted = discord.Permissions(int(asked["permissions"][0]))
    assert {name for name, on in granted if on} == {
        "read_messages" if name == "view_channel" else name for name in needed
    }
    assert "secret" not in link


@pytest.mark.parametrize("token", ["", "no token at all"])
def test_invite_without_an_id_says_what_to_do(token: str, tmp_path: Path) -> None:
    done = run("invite", home=tmp_path, token=token)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "oken" in done.stderr


def test_a_feed_is_given_its_own_rule_and_loses_it_again(tmp_path: Path) -> None:
    page = Path(__file__).parents[1] / "data" / "sample" / "tag-archive.html"
    assert run("import", str(page), home=tmp_path).exit_code == 0
    [rule] = json.loads(run("keep", "--json", home=tmp_path).stdout)
    assert (rule["days"], rule["articles"]) == (None, None)
    feed_id = str(rule["id"])
    told = run("keep", feed_id, "--days", "30", home=tmp_path)
    assert "days: 30, articles: –" in told.stdout, told.output
    assert "days: –" in run("keep", feed_id, home=tmp_path).stdout
    assert run("keep", "99", "--days", "1", home=tmp_path).exit_code == 1
