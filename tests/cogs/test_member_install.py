"""Where the member brought the bot and not the server: the public archive, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Scope
from bot.playground.driver import labels_of, text_of
from bot.playground.hub import Event
from tests.cogs.conftest import Stage, entries, paragraph, record


@pytest.fixture
async def abroad(stage: Stage) -> Stage:
    """A server that the bot was thrown out of, whose own feed is still kept for a while."""
    (public,) = (e for e in entries() if e.guid == "glacier")
    own = replace(
        public,
        title="Our allotment floods",
        guid="allotment",
        url="https://own.example/allotment",
        blocks=(paragraph("Bring boots on Saturday, and a spade."),),
    )
    await record(stage.store, [own], title="Own Desk", scope_id=stage.guild_id)
    return stage


def leave(stage: Stage) -> None:
    """From now on whoever asks does so by their own installation."""

    def by_member(event: Event) -> None:
        if event.name == "INTERACTION_CREATE":
            member = event.data["member"]["user"]["id"]
            event.data["authorizing_integration_owners"] = {"1": member}

    stage.server.hub.listeners.insert(0, by_member)


async def test_a_server_without_the_bot_is_read_from_public_feeds_alone(abroad: Stage) -> None:
    mina = abroad.person()
    here = await mina.command("tag", name="Climate")
    assert "3 articles" in here.text and here.message
    leave(abroad)
    answer = await mina.command("tag", name="Climate")
    assert "2 articles" in answer.text and "allotment" not in answer.text
    for name, options in (
        ("search", {"query": "allotment"}),
        ("article", {"title": "Our allotment floods"}),
        ("author", {"name": "Mira Solheim"}),
        ("latest", {}),
        ("stats", {}),
        ("trend", {"query": "tag:Climate"}),
        ("archive", {"month": "2025-04"}),
    ):
        told = await mina.command(name, **options)
        assert told.error is None
        assert "boots" not in told.text and "Our allotment floods**" not in told.text
        assert "16 articles" not in told.text, name
    assert await mina.autocomplete("article", "title", "allot") == []
    # What was answered while the bot was there stays the server's.
    old = await mina.select(here.message, "Read", "Our allotment floods")
    assert "may have been removed" in old.text and "boots" not in old.text


async def test_reading_list_and_follows_work_in_a_server_without_the_bot(abroad: Stage) -> None:
    leave(abroad)
    mina = abroad.person()
    (title,) = await mina.autocomplete("save", "title", "glac")
    assert "Glacier" in (await mina.command("save", title=title["value"])).text
    assert "Glacier lakes" in (await mina.command("saved")).text
    followed = await mina.command("follow query", query="tag:Climate")
    assert "tag:Climate" in followed.text
    assert "1 article on" in (await mina.command("privacy show")).text


async def test_a_moderator_of_a_server_without_the_bot_is_offered_no_subscription(
    abroad: Stage,
) -> None:
    ravi = abroad.person("ravi")
    assert "Subscribe" in labels_of((await ravi.command("tag", name="UN")).message or {})
    leave(abroad)
    shown = await ravi.command("tag", name="UN")
    assert shown.message and "Subscribe" not in labels_of(shown.message)
    turned = await ravi.press(shown.message, "Next")
    assert turned.message and "Subscribe" not in labels_of(turned.message)


async def test_find_coverage_works_there_too(abroad: Stage) -> None:
    leave(abroad)
    said = abroad.person("ravi").say("They measure glacier lakes; our allotment floods")
    found = await abroad.person().command("Find coverage", _target=said["id"])
    assert found.is_ephemeral and found.message
    assert "Glacier lakes under watch" in text_of(found.message) and "boots" not in found.text
    assert await abroad.store.articles.named("Our allot", Scope(abroad.guild_id), limit=5)
