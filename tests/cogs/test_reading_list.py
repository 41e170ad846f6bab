"""The reading list over time: pages, what is taken off, what went from the archive meanwhile."""

from __future__ import annotations

from datetime import timedelta

from bot.model import Entry, Scope
from bot.playground.driver import labels_of
from tests.cogs.conftest import NOW, Stage, paragraph, record


async def saved(stage: Stage, count: int) -> list[int]:
    """Save so many articles for mina, a minute apart; give their ids, the newest saved first."""
    made = [
        Entry(title=f"Piece {n:02}", guid=f"p{n}", published_at=NOW, blocks=(paragraph(f"T{n}."),))
        for n in range(count)
    ]
    await record(stage.store, made, title="Piece Wire", scope_id=0)
    scope, ids = Scope(stage.guild_id), []
    user_id = int(stage.person().user_id)
    for number in range(count):
        (hit,) = await stage.store.articles.named(f"Piece {number:02}", scope, limit=2)
        at = NOW + timedelta(minutes=number)
        assert await stage.store.members.save(user_id, hit.id, scope, at)
        ids.append(hit.id)
    return ids[::-1]


async def test_what_went_from_the_archive_stands_on_no_list_and_opens_as_a_sentence(
    stage: Stage,
) -> None:
    ids = await saved(stage, 10)
    mina = stage.person()
    first = await mina.command("saved")
    assert first.message and "10 articles" in first.text
    await stage.store.articles.hide(ids[0], "removed")
    await stage.store.articles.erase(ids[1])
    gone = await mina.select(first.message, "Read", "Piece 09")
    assert gone.is_ephemeral and "may have been removed" in gone.text
    # Its own menu still names it: taking it off is no error and shows the list as it is.
    after = await mina.select(first.message, "Remove", "Piece 08")
    assert after.error is None and "8 articles" in after.text and "Piece 08" not in after.text
    assert "Piece 07" in after.text and "Piece 00" in after.text
    assert "Next" not in labels_of(after.message or {})


async def test_the_last_article_of_a_page_that_is_taken_off_leads_to_the_page_before(
    stage: Stage,
) -> None:
    await saved(stage, 9)
    mina = stage.person()
    first = await mina.command("saved")
    second = await mina.press(first.message or {}, "Next")
    assert second.message and "Piece 00" in second.text and "Piece 01" not in second.text
    left = await mina.select(second.message, "Remove", "Piece 00")
    assert left.error is None and "8 articles" in left.text and "Piece 08" in left.text


async def test_a_list_from_a_year_ago_turns_and_reads_after_restarts(stage: Stage) -> None:
    await saved(stage, 9)
    mina = stage.person()
    first = await mina.command("saved")
    await stage.stop()
    stage.now = NOW + timedelta(days=366)
    await stage.start()
    second = await mina.press(first.message or {}, "Next")
    assert "Piece 00" in second.text
    read = await mina.select(second.message or {}, "Read", "Piece 00")
    assert "T0." in read.text


async def test_a_stranger_s_press_never_touches_the_list_of_another(stage: Stage) -> None:
    await saved(stage, 2)
    mina, ravi = stage.person(), stage.person("ravi")
    shown = await mina.command("saved")
    assert shown.is_ephemeral
    assert "empty" in (await ravi.command("saved")).text
    assert "2 articles" in (await mina.command("saved")).text
