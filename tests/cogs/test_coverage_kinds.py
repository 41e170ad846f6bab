"""Find coverage on every kind of message: links as people write them, embeds, cards, nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.ingest.identity import link_key
from bot.model import Entry, Keyed, Reading
from tests.cogs.conftest import NOW, Stage, paragraph

LAKES = "https://www.news.example/lakes"
BRIDGE = "https://www.news.example/wiki/Bridge_(Vellen)"


@pytest.fixture
async def known(stage: Stage) -> Stage:
    """A stage whose archive has two articles that are known by their addresses."""
    made = [
        Entry("Sensors watch", url=LAKES, guid="l", blocks=(paragraph("Up high."),)),
        Entry("The bridge of Vellen", url=BRIDGE, guid="b", blocks=(paragraph("Stone."),)),
    ]
    keyed = [Keyed(e, (link_key(str(e.url)),), str(e.guid).encode()) for e in made]
    reading = Reading("RSS 2.0", tuple(made), len(made))
    await stage.store.intake.record(1, reading, keyed, now=NOW, scope_id=0, announce=False)
    return stage


async def covered(stage: Stage, said: str, **parts: Any) -> str:
    """Return what is found for a message of another member."""
    message = stage.person("ravi").say(said or "x")
    world = stage.server.world
    kept = world.find_message(message["id"])
    assert kept is not None
    stage.server.hub.put_message(replace(kept, **({"content": said} | parts)))
    found = await stage.person().command("Find coverage", _target=message["id"])
    assert found.error is None and found.is_ephemeral
    return found.text


@pytest.mark.parametrize(
    "said",
    [
        f"Have you read {LAKES}?",
        f"It is here: {LAKES}.",
        f"({LAKES})",
        f"**{LAKES}**",
        f"||{LAKES}||",
        f"<{LAKES}>, and more",
        f"[a story]({LAKES})",
        f"{LAKES}/?utm_source=chat&fbclid=1#top",
        "http://news.example/lakes",
    ],
)
async def test_a_link_is_found_however_it_is_written(known: Stage, said: str) -> None:
    assert "Up high." in await covered(known, said)


@pytest.mark.parametrize("said", [f"see {BRIDGE}", f"see ({BRIDGE}).", f"[b]({BRIDGE})"])
async def test_an_address_with_brackets_is_taken_whole(known: Stage, said: str) -> None:
    assert "Stone." in await covered(known, said)


async def test_a_message_that_is_only_an_embed_is_looked_at(known: Stage) -> None:
    linked = [{"type": "rich", "title": "Elsewhere", "url": LAKES}]
    assert "Up high." in await covered(known, "", embeds=linked)
    told = [{"type": "rich", "description": "Sensors measure glacier lakes each hour"}]
    assert "Glacier lakes under watch" in await covered(known, "", embeds=told)
    field = [{"type": "rich", "fields": [{"name": "Glacier", "value": "lakes", "inline": False}]}]
    assert "Glacier lakes under watch" in await covered(known, "", embeds=field)


async def test_an_empty_message_gets_a_sentence(known: Stage) -> None:
    assert "no words to look for" in await covered(known, "", embeds=[])


async def test_a_long_link_alone_that_nobody_knows_gets_a_sentence(known: Stage) -> None:
    assert "no words to look for" in await covered(known, "https://a.example/" + "x" * 1_900)


async def test_a_card_of_the_bot_opens_its_own_article(known: Stage) -> None:
    mina = known.person()
    opened = await mina.command("article", title="Sensors watch")
    assert opened.message
    shared = await mina.press(opened.message, "Share")
    assert shared.error is None
    card = known.person("ravi").messages()[-1]
    found = await known.person("ravi").command("Find coverage", _target=card["id"])
    assert "Up high." in found.text
