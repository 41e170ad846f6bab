"""Who sees an answer, and in whose language it is."""

from dataclasses import replace

from bot.chat.languages import in_english
from bot.playground.driver import labels_of
from tests.cogs.conftest import Stage


async def test_an_answer_is_for_the_asker_alone_by_the_option(stage: Stage) -> None:
    mina = stage.person()
    for name, options in (
        ("tag", {"name": "UN"}),
        ("search", {"query": "council"}),
        ("latest", {}),
        ("stats", {}),
        ("trend", {"query": "tag:UN"}),
    ):
        hidden = await mina.command(name, **options, private=True)
        assert hidden.error is None and hidden.is_ephemeral, name
        assert not (await mina.command(name, **options)).is_ephemeral, name


async def test_a_server_chooses_who_sees_answers_and_it_holds_after_a_restart(
    stage: Stage,
) -> None:
    ravi, mina = stage.person("ravi"), stage.person()
    done = await ravi.command("server answers", who="private")
    assert "Only the asker" in done.text
    assert (await mina.command("tag", name="UN")).is_ephemeral
    assert not (await mina.command("tag", name="UN", private=False)).is_ephemeral
    await stage.stop()
    await stage.start()
    assert (await mina.command("tag", name="UN")).is_ephemeral
    assert "The asker alone" in (await ravi.command("server show")).text
    await ravi.command("server answers", who="public")
    assert not (await mina.command("tag", name="UN")).is_ephemeral


async def test_a_private_page_of_results_turns_its_own_page(stage: Stage) -> None:
    mina = stage.person()
    first = (await mina.command("tag", name="UN", private=True)).message
    assert first and "Next" in labels_of(first)
    second = await mina.press(first, "Next")
    assert second.is_ephemeral and "session 7" in second.text


async def test_a_server_chooses_the_language_of_its_channels(stage: Stage) -> None:
    assert stage.client
    ravi = stage.person("ravi")
    done = await ravi.command("server language", language="es")
    assert "Español" in done.text
    say = stage.client.say_in(stage.guild_id)
    assert say("chat.read") == "Leer" and in_english(None)("chat.read") == "Read"
    assert stage.client.say_in(None)("chat.read") == "Read"
    await stage.stop()
    await stage.start()
    assert stage.client.say_in(stage.guild_id)("chat.read") == "Leer"
    assert "Español" in (await ravi.command("server show")).text


async def test_a_member_is_answered_in_their_own_language(stage: Stage) -> None:
    mina = stage.person()
    users = stage.server.world.users
    users[mina.user_id] = replace(users[mina.user_id], locale="ja")
    answer = await mina.command("tag", name="UN")
    assert "タグのアーカイブ：UN" in answer.text and "記事12件" in answer.text
    missed = await stage.person().command("tag", name="zzzxqj")
    assert "見つかりませんでした" in missed.text
    assert "12 articles" in (await stage.person("ravi").command("tag", name="UN")).text


async def test_discord_is_told_the_descriptions_in_every_language(stage: Stage) -> None:
    commands = {c["name"]: c for c in stage.server.world.commands.values()}
    told = commands["tag"]["description_localizations"]
    assert told["fr"].startswith("Montre les archives") and told["es-ES"] and told["ja"]
    assert not commands["tag"].get("name_localizations")
    (option, *_) = commands["tag"]["options"]
    assert option["description_localizations"]["ja"] == "タグ（例：UN）"
    assert commands["Find coverage"]["name_localizations"]["es-ES"] == "Buscar cobertura"
