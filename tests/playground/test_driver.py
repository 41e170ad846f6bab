"""A person and a real discord.py client: commands, choices, buttons, menus, forms."""

import asyncio

import discord
import pytest

from bot.playground.driver import Driver, labels_of, text_of
from bot.playground.people import NotPossible
from bot.playground.server import Server


@pytest.fixture(autouse=True)
async def _ready(bot: discord.Client) -> None:
    """Every test here talks to the sample bot."""


async def test_a_command_is_answered_with_components_and_its_button_turns_the_page(
    driver: Driver,
) -> None:
    answer = await driver.command("tag", name="UN")
    assert answer.message is not None
    assert answer.message["flags"] == 1 << 15
    assert "# UN" in answer.text
    assert labels_of(answer.message) == ["Next"]
    turned = await driver.press(answer.message, "Next")
    assert turned.text == "Page two"
    assert [text_of(m) for m in driver.messages()] == ["Page two"]


async def test_choices_arrive_while_an_option_is_typed(driver: Driver) -> None:
    assert await driver.autocomplete("tag", "name", "U") == [{"name": "U (3)", "value": "U"}]


async def test_a_menu_answers_the_reader_alone(driver: Driver) -> None:
    answer = await driver.command("tag", name="UN")
    assert answer.message is not None
    read = await driver.select(answer.message, "Read", "Article 1")
    assert (read.text, read.is_ephemeral) == ("Article 1 in full", True)
    assert len(driver.messages()) == 2
    assert len(driver.become("ravi").messages()) == 1


@pytest.mark.parametrize("hidden", [False, True])
async def test_the_follow_up_of_a_deferral_takes_its_place(driver: Driver, hidden: bool) -> None:
    answer = await driver.command("slow", hidden=hidden)
    assert (answer.text, answer.is_ephemeral) == ("Thought about it", hidden)
    assert len(driver.messages()) == 1


async def test_a_form_is_opened_filled_in_and_sent(driver: Driver) -> None:
    opened = await driver.command("form")
    assert opened.modal is not None
    assert opened.modal["title"] == "Look"
    with pytest.raises(NotPossible, match="required"):
        await driver.submit(opened, Name="")
    answer = await driver.submit(opened, Name="Mina", Kind="card")
    assert answer.text == "Mina as card"


async def test_files_of_a_form_reach_the_bot_within_its_bounds(driver: Driver) -> None:
    opened = await driver.command("form")
    files = [(f"{name}.txt", name.encode()) for name in ("one", "two", "three")]
    with pytest.raises(NotPossible, match="1 to 2 files"):
        await driver.submit(opened, Name="Mina", Kind="card", Files=files)
    with pytest.raises(NotPossible, match="10 MB"):
        await driver.submit(opened, Name="Mina", Kind="card", Files=("x", bytes(10_485_761)))
    answer = await driver.submit(opened, Name="Mina", Kind="card", Files=files[:2])
    assert answer.text == "Mina as card with one.txt: b'one' with two.txt: b'two'"


async def test_options_that_name_things_are_resolved(driver: Driver) -> None:
    driver.become("ravi")
    answer = await driver.command("where", channel="#newsroom", who="mina")
    assert answer.text == "newsroom mina True"


async def test_a_member_is_not_offered_a_moderators_command(driver: Driver) -> None:
    with pytest.raises(NotPossible, match="permission"):
        await driver.command("desk pause")
    answer = await driver.become("ravi").command("desk pause")
    assert answer.text == "Paused"


async def test_a_context_menu_gets_its_message(driver: Driver) -> None:
    said = driver.say("Look at this")
    answer = await driver.command("Why this?", _target=said["id"])
    assert said["id"] in answer.text


async def test_no_answer_within_three_seconds_fails(driver: Driver) -> None:
    answer = await driver.command("silent")
    assert answer.error == "The application did not respond"


async def test_what_the_client_would_refuse_is_not_sent(driver: Driver) -> None:
    for name, options in (("nothing", {}), ("tag", {}), ("tag", {"colour": "red"})):
        with pytest.raises(NotPossible):
            await driver.command(name, **options)


async def test_requests_are_logged_with_time_body_and_answer(
    driver: Driver, server: Server
) -> None:
    await driver.command("tag", name="UN")
    callback = driver.requests_to("POST", "/callback")[-1]
    assert callback.body["type"] == 4
    assert callback.status == 200
    assert callback.answer["resource"]["message"]["id"] == driver.messages()[-1]["id"]
    assert callback.at <= server.clock.now()


async def test_two_people_at_once_get_their_own_answers(server: Server) -> None:
    drivers = [Driver(server, name) for name in ("mina", "ravi", "olga")]
    answers = await asyncio.gather(*(d.command("slow", hidden=True) for d in drivers))
    assert [a.text for a in answers] == ["Thought about it"] * 3
    assert [len(d.messages()) for d in drivers] == [1, 1, 1]


async def test_a_message_is_removed_by_its_author_or_a_moderator(driver: Driver) -> None:
    answer = await driver.command("tag", name="UN")
    assert answer.message is not None
    with pytest.raises(NotPossible):
        driver.remove(answer.message)
    driver.remove(driver.say("Mine"))
    driver.become("ravi").remove(answer.message)
    assert driver.messages() == []
