"""A single sure hit is opened at once, and private results are shown to the channel on demand."""

from bot.playground.driver import labels_of, text_of
from tests.cogs.conftest import Stage


async def test_the_only_article_with_the_words_is_opened_with_a_way_to_the_list(
    stage: Stage,
) -> None:
    mina = stage.person()
    opened = await mina.command("search", query="glacier sensors")
    assert opened.message and not opened.is_ephemeral
    assert "The only article that matches." in opened.text
    assert "Sensors measure the glacier lakes" in opened.text and "minute to read" in opened.text
    assert "Share" not in labels_of(opened.message)
    listed = await mina.press(opened.message, "Show as a list")
    assert listed.message and listed.message["id"] == opened.message["id"]
    assert "Search: glacier sensors" in listed.text and "1 article" in listed.text
    read = await mina.press(listed.message, "Read")
    assert read.is_ephemeral and "Sensors measure" in read.text
    assert "The only article" not in read.text


async def test_the_only_article_is_turned_by_its_asker_and_copied_for_others(
    stage: Stage,
) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    opened = await mina.command("search", query='council "session 12"')
    assert opened.message and "page 1 of 2" in opened.text
    copy = await ravi.press(opened.message, "Next")
    assert copy.is_ephemeral and "page 2 of 2" in copy.text
    assert "page 1 of 2" in text_of(mina.messages()[-1])
    await stage.stop()
    await stage.start()
    turned = await mina.press(opened.message, "Next")
    assert turned.message and turned.message["id"] == opened.message["id"]
    assert "page 2 of 2" in turned.text and "The only article" in turned.text
    assert "Share" not in labels_of(turned.message)
    listed = await ravi.press(turned.message, "Show as a list")
    assert listed.is_ephemeral and "1 article" in listed.text
    assert copy.message and "Share" in labels_of(copy.message)


async def test_what_is_not_sure_or_is_a_names_archive_stays_a_list(stage: Stage) -> None:
    mina = stage.person()
    for answer in (
        await mina.command("tag", name="Culture"),
        await mina.command("search", query="tag:Culture"),
        await mina.command("search", query="glaciar sensors"),
        await mina.command("source", name="Northern Wire"),
    ):
        assert "The only article" not in answer.text
        assert "minute to read" not in answer.text
    one = await mina.command("tag", name="Culture")
    assert one.message and "Tag Archives: Culture" in one.text
    assert "everyone" in (await mina.press(one.message, "Read")).text


async def test_private_results_are_shared_as_they_stand(stage: Stage) -> None:
    mina, ravi = stage.person(), stage.person("ravi")
    public = await mina.command("tag", name="UN")
    assert public.message and "Share" not in labels_of(public.message)
    alone = await mina.command("tag", name="UN", private=True)
    assert alone.is_ephemeral and alone.message
    turned = await mina.press(alone.message, "Next")
    assert turned.message
    await stage.stop()
    await stage.start()
    shared = await mina.press(turned.message, "Share")
    assert shared.message and not shared.is_ephemeral
    seen = ravi.messages()[-1]
    assert "Shared by <@" in text_of(seen) and "6 to 10" in text_of(seen)
    assert "session 7" in text_of(seen) and "session 12" not in text_of(seen)
    assert not seen["mentions"] and "Share" not in labels_of(seen)
    copy = await ravi.press(seen, "Next")
    assert copy.is_ephemeral and "session 2" in copy.text
    own = await mina.press(seen, "Next")
    assert own.message and own.message["id"] == seen["id"]


async def test_private_results_of_one_page_can_be_shared_where_the_member_may_write(
    stage: Stage,
) -> None:
    mina = stage.person()
    few = await mina.command("tag", name="Climate", private=True)
    assert few.message and "Share" in labels_of(few.message)
    assert "Glacier" in (await mina.press(few.message, "Share")).text
    silent = stage.person(channel="announcements")
    few = await silent.command("tag", name="Climate", private=True)
    assert few.message
    refused = await silent.press(few.message, "Share")
    assert refused.is_ephemeral and "may not write" in refused.text


async def test_what_a_private_server_offers_instead_is_answered_for_the_asker_alone(
    stage: Stage,
) -> None:
    await stage.person("ravi").command("server language", language="en")
    assert stage.client
    stage.client.private_guilds.add(stage.guild_id)
    mina = stage.person()
    missed = await mina.command("tag", name="Climat")
    assert missed.message
    label = next(label for label in labels_of(missed.message) if "Climate" in label)
    assert (await mina.press(missed.message, label)).is_ephemeral
