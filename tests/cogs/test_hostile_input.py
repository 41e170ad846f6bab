"""Any text in any command's field ends in an answer, never in "something went wrong"."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import catalogue
from bot.playground.people import NotPossible
from tests.cogs.conftest import Stage
from tests.query.query_strategies import hostile_text, query_like_text

FIELDS = (
    *(("search", "query"), ("tag", "name"), ("author", "name"), ("source", "name")),
    *(("article", "title"), ("trend", "query"), ("follow", "query"), ("archive", "month")),
    ("save", "title"),
)
MOST = 60


def drawn() -> list[tuple[tuple[str, str], str]]:
    found: list[tuple[tuple[str, str], str]] = []

    @settings(max_examples=MOST, deadline=None, database=None)
    @given(st.sampled_from(FIELDS), hostile_text | query_like_text)
    def collect(field: tuple[str, str], text: str) -> None:
        # What cannot be sent as JSON by a client is not Discord's to pass on.
        found.append((field, text.encode("utf-8", "replace").decode()))

    collect()
    return found


async def test_any_text_in_any_field_is_answered(stage: Stage) -> None:
    mina = stage.person()
    unexpected = catalogue().say("error.unexpected")
    asked = 0
    for (command, option), text in drawn():
        try:
            answer = await mina.command(command, **{option: text})
        except NotPossible:
            continue
        asked += 1
        assert answer.error is None, (command, text)
        assert answer.text and unexpected not in answer.text, (command, text)
        with suppress(NotPossible):  # Where the option offers none.
            await mina.autocomplete(command, option, text)
    assert asked > MOST // 2
