"""A session that was recorded in the page runs again, on another server, with the real bot."""

from pathlib import Path

import pytest

from bot.playground.people import NotPossible
from bot.playground.record import Replay
from tests.end_to_end.conftest import Newsroom

SESSIONS = Path(__file__).parent / "sessions"


@pytest.mark.timeout(60)
async def test_a_moderators_first_visit_runs_again(newsroom: Newsroom) -> None:
    newsroom.server.bench.quiet_s = 0.5
    replay = Replay.read(newsroom.server, SESSIONS / "first_visit.jsonl")
    assert await replay.play() == len(replay.steps) == 7
    await newsroom.until_posted("Harbour bulletin two")
    await newsroom.until_posted("Harbour bulletin three")
    await newsroom.until_settled()
    assert len(newsroom.posted("Harbour bulletin two")) == 1
    assert len(newsroom.posted("Harbour bulletin three")) == 1
    said = [message["content"] for message in newsroom.member.messages("general")]
    assert "Good morning" in said


async def test_a_step_that_cannot_be_taken_is_named(newsroom: Newsroom, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    step = '{"as": "mina", "in": "general", "command": "nothing", "options": {}}'
    wrong.write_text(f'{{"tagwire_session": 1}}\n{step}\n', encoding="utf-8")
    with pytest.raises(NotPossible, match="Step 1 of 1"):
        await Replay.read(newsroom.server, wrong).play()
    wrong.write_text("not a session", encoding="utf-8")
    with pytest.raises(NotPossible, match="no recorded session"):
        Replay.read(newsroom.server, wrong)
