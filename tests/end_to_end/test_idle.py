"""What a bot's process holds before anybody asks it anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.conftest import PATIENCE_S, Newsroom

pytestmark = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc")


def mapped(newsroom: Newsroom) -> str:
    assert newsroom.child.process is not None
    return Path(f"/proc/{newsroom.child.process.pid}/maps").read_text()


async def test_what_search_and_typing_need_is_loaded_when_somebody_types(
    newsroom: Newsroom,
) -> None:
    # By then it has been at work for a while: what comes in is recorded.
    await newsroom.publish()
    known = "SELECT 1 FROM articles WHERE title LIKE 'Harbour bulletin%' LIMIT 1 OFFSET 1"
    await newsroom.member.until(lambda: newsroom.rows(known), PATIENCE_S)
    assert "numpy" not in mapped(newsroom)
    # The first letter already finds what has an error in it.
    choices = await newsroom.member.autocomplete("tag", "name", "Oecans")
    assert "Oceans" in [choice["name"].split(" (")[0] for choice in choices]
    assert "numpy" in mapped(newsroom)


async def test_a_start_in_good_order_warns_of_nothing(newsroom: Newsroom) -> None:
    await newsroom.member.command("latest")
    assert newsroom.child.lines
    assert [line for line in newsroom.child.lines if " INFO " not in line] == []
