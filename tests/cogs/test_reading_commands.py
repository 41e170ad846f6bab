"""Reading lists, trends and wandering, driven as a person would."""

from datetime import timedelta

from bot.model import Entry, Keyed, Reading, Term
from bot.playground.driver import labels_of, text_of
from bot.playground.validate.components import walk
from tests.cogs.conftest import NOW, Stage, entries, paragraph, record


async def test_a_trend_is_a_picture_with_a_description_and_the_same_numbers_as_text(
    stage: Stage,
) -> None:
    answer = await stage.person().command("trend", query="tag:UN", query2="tag:Climate")
    assert answer.error is None and answer.message
    assert "1. **tag:UN** · 12 articles" in answer.text
    (gallery,) = [c for c in walk(answer.message["components"]) if c["type"] == 12]
    item = gallery["items"][0]
    assert "tag:UN" in item["description"] and "numbers stand below" in item["description"]
    assert "1: tag:UN, most in 2026-05: 12" in item["description"]
    assert item["media"]["url"].endswith("trend.png")
    assert "2026-05  12  0" in answer.text and "2025-04   0  1" in answer.text


async def test_five_long_queries_over_four_years_keep_every_limit(stage: Stage) -> None:
    old = Entry(title="An old council", guid="old", published_at=NOW - timedelta(days=1_400))
    await record(stage.store, [old], title="Old Wire", scope_id=0)
    long = " OR ".join(f"council{number}" for number in range(20)) + " OR council"
    named = {f"query{number}": long for number in range(2, 6)}
    answer = await stage.person().command("trend", query=long, **named)
    assert answer.error is None and answer.message
    texts = [c["content"] for c in walk(answer.message["components"]) if c["type"] == 10]
    assert sum(map(len, texts)) <= 4_000
    assert texts[-1].count("```") == 2
    short = await stage.person().command("trend", query="council")
    assert short.message
    table = [c["content"] for c in walk(short.message["components"]) if c["type"] == 10][-1]
    # Whoever cannot see the picture has all of it as text.
    assert "2022-08" in table and "2026-05" in table and "not listed" not in table


async def test_a_private_trend_and_private_numbers_can_be_shown_to_the_channel(
    stage: Stage,
) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    hidden = await mina.command("trend", query="tag:UN", query2="tag:Climate", private=True)
    assert hidden.is_ephemeral and hidden.message and not ravi.messages()
    await stage.stop()
    await stage.start()
    shared = await mina.press(hidden.message, "Share")
    assert shared.error is None and not shared.is_ephemeral
    (seen,) = ravi.messages()
    assert "Shared by" in text_of(seen) and "2. **tag:Climate**" in text_of(seen)
    assert [c for c in walk(seen["components"]) if c["type"] == 12] and not labels_of(seen)
    numbers = await mina.command("stats", private=True)
    await mina.press(numbers.message or {}, "Share")
    assert "15 articles" in text_of(ravi.messages()[-1])
    open_one = await mina.command("stats")
    assert open_one.message and "Share" not in labels_of(open_one.message)
    mute = stage.person(channel="announcements")
    private = await mute.command("stats", private=True)
    assert "may not write" in (await mute.press(private.message or {}, "Share")).text


async def test_a_trend_of_nothing_says_so(stage: Stage) -> None:
    answer = await stage.person().command("trend", query="zzzxqj")
    assert answer.is_ephemeral and "nothing for" in answer.text


async def test_stats_random_and_the_archive_of_a_month(stage: Stage) -> None:
    mina = stage.person()
    told = await mina.command("stats")
    assert "15 articles" in told.text and "Date unknown: 2" in told.text
    opened = await mina.command("random")
    assert opened.is_ephemeral and "to read" in opened.text
    months = await mina.autocomplete("archive", "month", "")
    assert [m["name"] for m in months] == ["2026-05 (12)", "2025-04 (1)"]
    month = await mina.command("archive", month=months[1]["value"])
    assert "Archive: 2025-04" in month.text and "Glacier lakes" in month.text
    wrong = await mina.command("archive", month="someday")
    assert "cannot read the date" in wrong.text


async def test_a_reading_list_is_the_members_own(stage: Stage) -> None:
    mina = stage.person()
    opened = (await mina.command("article", title="Glacier lakes under watch")).message
    assert opened
    assert "Saved: **Glacier lakes" in (await mina.press(opened, "Save")).text
    assert "already" in (await mina.press(opened, "Save")).text
    shown = await mina.command("saved")
    assert shown.is_ephemeral and shown.message and "Glacier lakes under watch" in shown.text
    assert "empty" in (await stage.person("ravi").command("saved")).text
    read = await mina.select(shown.message, "Read", "Glacier lakes under watch")
    assert "Sensors measure" in read.text
    gone = await mina.select(shown.message, "Remove", "Glacier lakes under watch")
    assert "empty" in gone.text


async def test_a_long_reading_list_has_pages(stage: Stage) -> None:
    mina = stage.person()
    titles = await mina.autocomplete("save", "title", "Council")
    for place, title in enumerate(titles[:10]):
        stage.now = NOW + timedelta(minutes=place)
        await mina.command("save", title=title["value"])
    first = await mina.command("saved")
    assert first.message and "10 articles" in first.text
    second = await mina.press(first.message, "Next")
    assert second.message
    shown = first.text + second.text
    assert all(title["name"] in shown for title in titles[:10])
    back = await mina.press(second.message, "First page")
    assert back.text == first.text


async def test_the_reader_offers_related_articles_but_never_the_same_story(stage: Stage) -> None:
    opened = await stage.person().command("article", title="Council meets for session 12")
    assert opened.message
    assert "Read also" not in opened.text
    again = Entry("Glacier lakes grow deeper", tags=(Term("Climate"),), guid="deep")
    await added(stage, [again, Entry("Glacier lakes under watch now", guid="copy")])
    read = await stage.person().command("article", title="Glacier lakes grow deeper")
    assert read.message and "Read also" in read.text and "Glacier lakes under watch" in read.text
    assert read.text.count("Glacier lakes under watch") == 1


async def test_the_reader_says_what_a_correction_changed(stage: Stage) -> None:
    before = entries()[12]
    after = Entry(
        title="Glacier lakes under close watch",
        authors=before.authors,
        source=before.source,
        tags=before.tags,
        published_at=before.published_at,
        url=before.url,
        guid=before.guid,
        blocks=(*before.blocks, paragraph("A fourth sensor was lost.")),
    )
    await added(stage, [after], key=b"changed")
    read = await stage.person().command("article", title="Glacier lakes under close watch")
    assert "Corrected once: the title was “Glacier lakes under watch”" in read.text
    assert "parts new: 1, gone: 0" in read.text
    told = await stage.person().press(read.message or {}, "What changed")
    assert told.is_ephemeral and "Now: A fourth sensor was lost." in told.text


async def test_a_result_quotes_the_paragraph_that_matched_and_opens_there(stage: Stage) -> None:
    mina = stage.person()
    results = await mina.command("search", query="council vote expected")
    assert results.message
    assert "under “What comes next”:" in results.text
    assert "A vote is expected within the month." in results.text
    opened = await mina.select(results.message, "Read", "Council meets for session 12")
    assert "page 2 of 2" in opened.text and "### What was said" not in opened.text
    listed = await mina.command("tag", name="UN")
    assert listed.message and "under “" not in listed.text
    opened = await mina.select(listed.message, "Read", "Council meets for session 12")
    assert "page 1 of 2" in opened.text


async def added(stage: Stage, made: list[Entry], key: bytes = b"") -> None:
    keyed = [Keyed(e, (f"World Desk:{e.guid}",), key or str(e.guid).encode()) for e in made]
    reading = Reading("RSS 2.0", tuple(made), len(made), title="World Desk")
    await stage.store.intake.record(1, reading, keyed, now=NOW, scope_id=0, announce=False)
