"""What the bot tells of its queries stands in the side panel, beside the action it belongs to."""

from typing import Any

from bot.playground.server import Server
from bot.playground.tracing import Tracing


def entries(server: Server, of: str) -> list[dict[str, Any]]:
    return [entry for entry in server.hub.trace if entry["of"] == of]


async def test_one_call_of_the_store_is_one_entry_with_its_statements() -> None:
    async with Server() as server:
        tracing = Tracing(server.hub, server.interactions)
        tracing.take({"of": "7", "kind": "query", "text": "tag:UN", "ms": 0})
        tracing.take({"of": None, "kind": "sql", "text": "SELECT elsewhere", "ms": 1})
        tracing.take({"of": "7", "kind": "sql", "text": "SELECT 1", "ms": 0.25})
        tracing.take({"of": "7", "kind": "sql", "text": "SELECT 2", "ms": 0.5})
        tracing.take({"of": "7", "kind": "read", "text": "", "ms": 1.04})
        tracing.take({"of": None, "kind": "read", "text": "", "ms": 1})
        asked, read = entries(server, "7")
        assert asked["kind"] == "query" and asked["text"] == "tag:UN"
        assert read["text"] == "Read from the store: 2 statements in 1.0 ms"
        assert read["detail"] == "0.25 ms  SELECT 1\n\n0.50 ms  SELECT 2"
        assert "elsewhere" not in str(server.hub.trace)


async def test_an_items_recording_is_told_once_until_it_changes() -> None:
    async with Server() as server:
        tracing = Tracing(server.hub, server.interactions)
        line = {
            "of": None,
            "kind": "recorded",
            "text": f"{server.address}/feed/item/3 1 new, 0 changed, 2 owed",
            "ms": 4.2,
        }
        tracing.take(line)
        tracing.take(line)
        (told,) = entries(server, "item 3")
        assert told["text"] == "Recorded in 4.2 ms: 1 new, 0 changed, 2 owed"
        tracing.again(3)
        tracing.take(line)
        assert len(entries(server, "item 3")) == 2
