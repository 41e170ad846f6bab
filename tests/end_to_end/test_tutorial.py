"""The tutorial, followed to the letter: its commands typed, its outputs compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.playground.driver import Driver, labels_of, text_of
from bot.playground.run import running

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
MODERATORS = ("subscription ", "status")
PATIENCE_S = 40.0
# The feed is asked twice a second, so that no test waits for a poll.
QUICK = {"TAGWIRE_POLL_INTERVAL": "0.5", "TAGWIRE_HOST_GAP": "0"}


def typed_in_discord() -> list[tuple[list[str], str]]:
    """Return each block of slash commands, with the answer's beginning that is quoted under it."""
    blocks = re.findall(r"^```\n((?:/.+\n)+)```\n(?:\n> (.+)\n)?", TUTORIAL, re.M)
    return [(lines.splitlines(), quoted) for lines, quoted in blocks]


def typed_in_a_shell() -> list[tuple[list[str], str]]:
    """Return the words of each command line, with the output that is shown under it."""
    consoles = "".join(re.findall(r"^```console\n(.*?)^```$", TUTORIAL, re.M | re.S))
    pairs = re.findall(r"^\$ \./tagwire (.+)\n((?:(?!\$ ).*\n)*)", consoles, re.M)
    return [(shlex.split(words), shown) for words, shown in pairs]


def parted(line: str) -> tuple[str, dict[str, str]]:
    """Part a line such as "/tag name:UN" into the command and its options."""
    name, *rest = re.split(r" (?=(?:name|query|channel):\S)", line.removeprefix("/"), maxsplit=2)
    options = (one.partition(":") for one in rest)
    return name, {key: value for key, _, value in options}


async def test_what_is_typed_in_the_playground_answers_as_it_says() -> None:
    blocks = typed_in_discord()
    assert len(blocks) >= 3
    async with running(environment=QUICK) as (server, _):
        await server.wait_for_bot(PATIENCE_S)
        person = Driver(server)
        await person.until(lambda: "tag" in person.commands(), PATIENCE_S)
        for line, quoted in ((line, quoted) for lines, quoted in blocks for line in lines):
            name, options = parted(line)
            person.become("ravi" if name.startswith(MODERATORS) else "mina")
            answer = await person.command(name, **options)
            assert answer.error is None, line
            assert answer.message is not None, line
            assert quoted in answer.text
            if "Confirm" in labels_of(answer.message):
                await person.press(answer.message, "Confirm")
        person.go("newsroom")
        before = len(person.messages())
        for _ in range(4):
            server.feed.publish()
        await person.until(lambda: len(person.messages()) > before, PATIENCE_S)
        assert "Open the page" in text_of(person.messages()[-1])


def test_what_is_typed_in_a_shell_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = typed_in_a_shell()
    assert len(steps) >= 6
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sample").symlink_to(ROOT / "data" / "sample")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    for name in ("TAGWIRE_DATA", "TAGWIRE_TOKEN", "TAGWIRE_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for words, shown in steps:
        done = CliRunner().invoke(main, words)
        assert (done.output, done.exit_code) == (shown, 0), words
