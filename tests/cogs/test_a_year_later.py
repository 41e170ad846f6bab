"""Everything under a message still works a year and several restarts later, but what was let go."""

from __future__ import annotations

from datetime import timedelta

from bot.playground.driver import labels_of
from bot.store.retention import Limits
from tests.cogs.conftest import NOW, Stage

YEAR = timedelta(days=364)


async def later(stage: Stage, by: timedelta = YEAR) -> None:
    """Let time pass, restart the bot, and let the nightly upkeep run."""
    await stage.stop()
    stage.now = NOW + by
    await stage.store.retention.tidy(Limits(), stage.now)
    await stage.start()


async def test_results_turn_read_and_narrow_a_year_later(stage: Stage) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    results = (await mina.command("tag", name="UN", private=False)).message
    assert results
    await later(stage)
    stranger = await ravi.press(results, "Next")
    assert stranger.is_ephemeral and "session 7" in stranger.text
    own = await mina.press(results, "Next")
    assert own.message and own.message["id"] == results["id"]
    read = await mina.select(results, "Read", "Council meets for session 7")
    assert read.is_ephemeral and "gathered in the hall for session 7" in read.text
    narrow = await mina.press(results, "Narrow")
    assert narrow.error is None


async def test_the_reader_works_a_year_later_with_all_its_controls(stage: Stage) -> None:
    mina = stage.person()
    opened = (await mina.command("article", title="Council meets for session 12")).message
    assert opened
    await later(stage)
    turned = await mina.press(opened, "Next")
    assert turned.message and "page 2 of 2" in turned.text
    back = await mina.select(opened, "Contents", "What was said")
    assert "page 1 of 2" in back.text
    assert "Tag Archives: Diplomacy" in (await mina.press(opened, "Diplomacy")).text
    assert "Saved" in (await mina.press(opened, "Save")).text
    shared = await mina.press(opened, "Share")
    assert shared.error is None and not shared.is_ephemeral


async def test_what_was_let_go_says_so_and_names_the_way_on(stage: Stage) -> None:
    mina = stage.person()
    results = (await mina.command("tag", name="UN")).message
    assert results and "Next" in labels_of(results)
    await later(stage, timedelta(days=800))
    lost = await mina.press(results, "Next")
    assert lost.is_ephemeral and "ask again with a command" in lost.text
    # A button that needs nothing kept still works.
    assert "Tag" in (await mina.command("tag", name="UN")).text
