"""A session that was recorded in the page runs again, on another server, with the real bot."""

from pathlib import Path

import pytest

from bot.playground.driver import Driver, text_of
from bot.playground.people import NotPossible
from bot.playground.record import Replay
from bot.playground.run import running
from tests.end_to_end.conftest import Newsroom

SESSIONS = Path(__file__).parent / "sessions"
# A whole playground starts, on a machine that may have much else to do.
pytestmark = pytest.mark.timeout(120)


async def test_a_first_visit_runs_again_as_it_was_recorded(tmp_path: Path) -> None:
    quick = {"TAGWIRE_POLL_INTERVAL": "0.5", "TAGWIRE_HOST_GAP": "0"}
    async with running(data_dir=tmp_path, environment=quick, live=False) as (server, _):
        await server.wait_for_bot(30)
        mina, ravi = Driver(server), Driver(server, "ravi", "newsroom")
        await mina.until(lambda: "tag" in mina.commands(), 30)
        server.bench.quiet_s = 0.5
        replay = Replay.read(server, SESSIONS / "first_visit.jsonl")
        assert await replay.play() == len(replay.steps) == 12
        (check,) = server.bench.checks.kept
        assert check.state == "good", check.found
        said = [text_of(message) for message in mina.messages("general")]
        assert "Good morning" in said
        assert any("Nine Hundred Balloons" in text for text in said)
        published = [one.title for one in server.feed.published[-6:]]
        posted = [text_of(message) for message in ravi.messages()]
        assert sum(title in text for title in published for text in posted) >= 2


async def test_a_step_that_cannot_be_taken_is_named(newsroom: Newsroom, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    step = '{"as": "mina", "in": "general", "command": "nothing", "options": {}}'
    wrong.write_text(f'{{"tagwire_session": 1}}\n{step}\n', encoding="utf-8")
    with pytest.raises(NotPossible, match="Step 1 of 1"):
        await Replay.read(newsroom.server, wrong).play()
    wrong.write_text("not a session", encoding="utf-8")
    with pytest.raises(NotPossible, match="no recorded session"):
        Replay.read(newsroom.server, wrong)
