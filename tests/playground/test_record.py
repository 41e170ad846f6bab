"""What is done in the page is written down by names, and plays again on another server."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bot.playground import posting
from bot.playground.driver import Driver, controls
from bot.playground.people import NotPossible
from bot.playground.record import Recorder, Replay
from bot.playground.server import Server
from bot.playground.world import CROSSPOSTED

OPTIONS = [
    {"label": label, "value": value}
    for label, value in (("Tides", "a"), ("Tides", "b"), ("Coast", "c"))
]


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def test_a_session_is_written_by_names_and_plays_again(
    server: Server, bot: Any, tmp_path: Path
) -> None:
    out = io.StringIO()
    Recorder(server, out)
    note = server.sockets.on_deed
    assert note is not None
    mina, general = server.world.user_named("mina"), server.world.channel_named("general")
    driver = Driver(server)
    note(mina.id, {"op": "say", "channel_id": general.id, "text": "Good morning"})
    (command,) = [c for c in server.world.commands.values() if c["name"] == "tag"]
    options = [{"name": "name", "type": 3, "value": "UN"}]
    where = {"channel_id": general.id, "command_id": command["id"]}
    note(mina.id, {"op": "command", "options": options} | where)
    answer = await driver.command("tag", name="UN")
    assert answer.message is not None
    press = {"message_id": answer.message["id"], "custom_id": "next"}
    note(mina.id, {"op": "component", "component_type": 2} | press)
    note(mina.id, {"op": "history", "channel_id": general.id})
    mine = {"as": "mina", "in": "general"}
    assert lines(out)[1:] == [
        mine | {"say": "Good morning"},
        mine | {"command": "tag", "options": {"name": "UN"}},
        mine | {"of": {"answer": 0}, "press": "Next"},
    ]
    path = tmp_path / "session.jsonl"
    path.write_text(out.getvalue(), encoding="utf-8")
    assert await Replay.read(server, path).play() == 3
    assert driver.messages()[-1]["components"][0]["content"] == "Page two"
    assert any(message["content"] == "Good morning" for message in driver.messages())


async def test_controls_and_choices_of_one_name_are_told_apart_by_their_order(
    server: Server, bot: Any, tmp_path: Path
) -> None:
    rows = [alike(number) for number in (1, 2)]
    menu = {"type": 3, "custom_id": "m", "placeholder": "Read…", "options": OPTIONS}
    form = {"flags": 1 << 15, "components": [*rows, {"type": 1, "components": [menu]}]}
    general = server.world.channel_named("general")
    origin = posting.Origin(server.world.bot_id)
    message, _ = posting.post(server.hub, general, form, origin)
    out = io.StringIO()
    Recorder(server, out)
    mina = server.world.user_named("mina").id
    note = server.sockets.on_deed
    assert note is not None
    second = rows[1]["components"][0]["custom_id"]
    note(mina, {"op": "component", "message_id": message.id, "custom_id": second})
    chosen = {"custom_id": menu["custom_id"], "values": ["b", "c"]}
    note(mina, {"op": "component", "message_id": message.id, **chosen})
    of = {"as": "mina", "in": "general", "of": {"item": None}}
    pressed, selected = lines(out)[1:]
    assert pressed == of | {"press": "Read", "nth": 1}
    assert selected == of | {"select": "Read…", "values": [1, "Coast"]}
    found = controls(list(message.components), (2,), "Read")
    assert found[pressed["nth"]]["custom_id"] == second


def alike(number: int) -> dict[str, Any]:
    button = {"type": 2, "style": 1, "label": "Read", "custom_id": f"read{number}"}
    return {"type": 1, "components": [button]}


async def test_a_context_menu_and_a_published_announcement_play_again(
    server: Server, bot: Any, tmp_path: Path
) -> None:
    out = io.StringIO()
    Recorder(server, out)
    note = server.sockets.on_deed
    assert note is not None
    mina, ravi = (server.world.user_named(name).id for name in ("mina", "ravi"))
    said = Driver(server).say("Look at this")
    place = server.world.channel_named("announcements")
    origin = posting.Origin(server.world.bot_id)
    told, _ = posting.post(server.hub, place, {"content": "Open at ten"}, origin)
    (menu,) = [c for c in server.world.commands.values() if c["name"] == "Why this?"]
    used = {"op": "command", "channel_id": said["channel_id"], "command_id": menu["id"]}
    note(mina, used | {"target_id": said["id"]})
    note(ravi, {"op": "crosspost", "message_id": told.id})
    path = tmp_path / "session.jsonl"
    path.write_text(out.getvalue(), encoding="utf-8")
    assert await Replay.read(server, path).play() == 2
    assert Driver(server).messages()[-1]["content"] == f"Because of {said['id']}"
    assert Driver(server, channel="announcements").messages()[-1]["flags"] & CROSSPOSTED
    with pytest.raises(NotPossible, match=r"Step 2 of 2.*already been published"):
        await Replay.read(server, path).play()


async def test_a_member_publishes_no_announcement_and_nobody_anything_else(
    server: Server,
) -> None:
    place, origin = server.world.channel_named("announcements"), posting.Origin(server.world.bot_id)
    told, _ = posting.post(server.hub, place, {"content": "Open at ten"}, origin)
    with pytest.raises(NotPossible, match="do not have permission to publish"):
        Driver(server).crosspost({"id": told.id})
    with pytest.raises(NotPossible, match="Only messages of an announcement channel"):
        Driver(server).crosspost(Driver(server).say("Here"))
    with pytest.raises(NotPossible, match="is gone"):
        Driver(server).crosspost({"id": "1"})
    ravi = Driver(server, "ravi")
    for number in range(10):
        more, _ = posting.post(server.hub, place, {"content": f"News {number}"}, origin)
        ravi.crosspost({"id": more.id})
    with pytest.raises(NotPossible, match="Ten messages an hour"):
        ravi.crosspost({"id": told.id})


async def test_a_form_with_a_file_and_a_menu_plays_again(
    server: Server, bot: Any, tmp_path: Path
) -> None:
    out = io.StringIO()
    Recorder(server, out)
    note = server.sockets.on_deed
    assert note is not None
    mina, general = server.world.user_named("mina").id, server.world.channel_named("general").id
    (form,) = [c for c in server.world.commands.values() if c["name"] == "form"]
    note(mina, {"op": "command", "channel_id": general, "command_id": form["id"]})
    given = [
        {"type": 4, "custom_id": "name", "value": "Mina"},
        {"type": 3, "custom_id": "kind", "values": ["card"]},
        {"type": 19, "custom_id": "files", "values": [{"name": "a.txt", "data": "eA=="}]},
    ]
    rows = [{"type": 18, "component": one} for one in given]
    note(mina, {"op": "modal", "interaction_id": "1", "custom_id": "x", "components": rows})
    path = tmp_path / "session.jsonl"
    path.write_text(out.getvalue(), encoding="utf-8")
    assert await Replay.read(server, path).play() == 2
    assert Driver(server).messages()[-1]["content"] == "Mina as card with a.txt: b'x'"
