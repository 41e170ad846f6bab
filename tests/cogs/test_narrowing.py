"""Narrowing a page of results by what its articles share, driven as a person would."""

from bot.chat.view_keys import custom_id
from bot.model import Entry, Scope, Term
from bot.playground.driver import Answer, Driver, labels_of
from bot.playground.validate.components import walk
from tests.cogs.conftest import NOW, Stage, paragraph, record


def menus_of(answer: Answer) -> dict[str, dict[str, str]]:
    """Return the choices of each menu with their second lines."""
    parts = walk((answer.message or {})["components"])
    return {
        part["placeholder"]: {o["label"]: o.get("description", "") for o in part["options"]}
        for part in parts
        if part["type"] == 3
    }


async def narrowed(mina: Driver, **options: str) -> tuple[Answer, Answer]:
    results = await mina.command("search", **options)
    assert results.message and "Narrow" in labels_of(results.message)
    return results, await mina.press(results.message, "Narrow")


async def test_narrow_offers_what_the_articles_share_with_counts(stage: Stage) -> None:
    results, asked = await narrowed(stage.person(), query="council")
    assert results.message and asked.message
    assert asked.message["id"] == results.message["id"]
    assert "Narrow **council**" in asked.text and "best 2000" not in asked.text
    assert menus_of(asked) == {
        "Source…": {"Northern Wire": "6 articles", "Reuters": "6 articles"},
        "Author…": {"Tom Ito": "6 articles"},
    }


async def test_a_choice_narrows_the_query_in_place_and_there_is_a_way_back(stage: Stage) -> None:
    mina = stage.person()
    results, asked = await narrowed(mina, query="council")
    assert results.message and asked.message
    chosen = await mina.select(asked.message, "Source", "Reuters")
    assert chosen.message and chosen.message["id"] == results.message["id"]
    assert "Search: council source:Reuters" in chosen.text and "6 articles" in chosen.text
    assert "session 12" not in chosen.text and "session 11" in chosen.text
    turned = await mina.press(chosen.message, "Next")
    assert "Search: council source:Reuters" in turned.text
    back = await mina.press(chosen.message, "Undo narrowing")
    assert back.message and back.text == results.text
    again = await mina.press(back.message, "Narrow")
    assert again.message
    shut = await mina.press(again.message, "Back")
    assert shut.text == results.text


async def test_narrowing_works_after_a_restart_and_counts_what_the_message_showed(
    stage: Stage,
) -> None:
    mina = stage.person()
    results = await mina.command("search", query="council")
    await stage.stop()
    await stage.start()
    late = Entry(
        "Council sits late", guid="late", source="Reuters", blocks=(paragraph("Council."),)
    )
    await record(stage.store, [late], title="Late Desk", scope_id=0)
    assert results.message
    asked = await mina.press(results.message, "Narrow")
    assert menus_of(asked)["Source…"]["Reuters"] == "6 articles"
    await stage.stop()
    await stage.start()
    assert asked.message
    chosen = await mina.select(asked.message, "Author", "Tom Ito")
    assert 'Search: council author:"Tom Ito"' in chosen.text and "6 articles" in chosen.text


async def test_a_stranger_narrows_a_copy_of_their_own(stage: Stage) -> None:
    results = await stage.person().command("search", query="council")
    ravi = stage.person("ravi")
    assert results.message
    asked = await ravi.press(results.message, "Narrow")
    assert asked.is_ephemeral and asked.message
    assert asked.message["id"] != results.message["id"]
    chosen = await ravi.select(asked.message, "Source", "Reuters")
    assert chosen.is_ephemeral and chosen.message
    assert chosen.message["id"] == asked.message["id"]
    back = await ravi.press(chosen.message, "Undo narrowing")
    assert "12 articles" in back.text and back.is_ephemeral


async def test_a_repaired_query_is_narrowed_as_it_was_read(stage: Stage) -> None:
    mina = stage.person()
    made = [
        Entry(
            f"Glacier lake {number}",
            guid=f"lake-{number}",
            source="Harbour Post" if number % 2 else "Northern Wire",
            published_at=NOW,
            blocks=(paragraph("A glacier lake."),),
        )
        for number in range(8)
    ]
    await record(stage.store, made, title="Lakes", scope_id=0)
    results, asked = await narrowed(mina, query="glaciar")
    assert "Showing “glacier” instead" in results.text and asked.message
    chosen = await mina.select(asked.message, "Source", "Northern Wire")
    assert 'Search: glacier source:"Northern Wire"' in chosen.text


async def test_another_servers_names_are_never_counted(stage: Stage) -> None:
    def made(source: str) -> list[Entry]:
        return [Entry(f"Council {source} {n}", guid=f"{n}", source=source) for n in range(3)]

    await record(stage.store, made("Foreign Wire"), title="Theirs", scope_id=4242)
    await record(stage.store, made("Local Wire"), title="Ours", scope_id=stage.guild_id)
    mina = stage.person()
    _, asked = await narrowed(mina, query="council")
    assert menus_of(asked)["Source…"]["Local Wire"] == "3 articles"
    assert "Foreign Wire" not in asked.text
    key = await stage.store.views.put(
        "narrow", "council", Scope(4242), int(mina.user_id), NOW, None, {"choices": ["tag:UN"]}
    )
    assert asked.message
    stored = stage.server.world.find_message(asked.message["id"])
    assert stored
    for part in walk(list(stored.components)):
        if part["type"] == 3:
            part["custom_id"] = custom_id("narrowed", key, part["custom_id"][-6:])
    assert "too old" in (await mina.select(asked.message, "Source", "Local Wire")).text


async def test_counts_of_the_best_are_labelled_as_such(stage: Stage) -> None:
    many = [
        Entry(f"Tide {n}", guid=f"tide-{n}", source=f"Gazette {n % 2}", published_at=NOW)
        for n in range(2_010)
    ]
    await record(stage.store, many, title="Tides", scope_id=0)
    _, asked = await narrowed(stage.person(), query="tide")
    assert "Counted in the best 2000 of 2010 articles" in asked.text
    counts = menus_of(asked)["Source…"].values()
    assert sum(int(count.split()[0]) for count in counts) == 2_000


async def test_a_short_list_has_nothing_to_narrow(stage: Stage) -> None:
    ravi = stage.person("ravi")
    few = await ravi.command("tag", name="Climate")
    assert few.message and "Narrow" not in labels_of(few.message)
    same = [
        Entry(f"Plain note {n}", guid=f"plain-{n}", tags=(Term("Plain"),), published_at=NOW)
        for n in range(7)
    ]
    await record(stage.store, same, title="Plain", scope_id=0)
    many = await ravi.command("tag", name="Plain")
    assert many.message
    asked = await ravi.press(many.message, "Narrow")
    assert asked.is_ephemeral and "Nothing would narrow **tag:Plain**" in asked.text
