"""What is done in the page is written down by names, and plays again on another server."""

import io
import json
from pathlib import Path
from typing import Any

from bot.playground.driver import Driver
from bot.playground.record import Recorder, Replay
from bot.playground.server import Server


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
