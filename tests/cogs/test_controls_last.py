"""Controls after a restart, lost ones, wrong servers, and answers that come late."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.view_keys import custom_id
from bot.model import Scope
from bot.playground.driver import text_of
from bot.playground.hub import Event
from bot.store import DATABASE
from tests.cogs.conftest import Stage, entries, paragraph, record


class SlowArticles:
    """The real articles, late."""

    def __init__(self, articles: Any, wait_s: float) -> None:
        self._articles = articles
        self._wait_s = wait_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._articles, name)

    async def find(self, *args: Any, **options: Any) -> Any:
        await asyncio.sleep(self._wait_s)
        if str(args[0]) == "broken":
            raise RuntimeError("the disk is on fire")
        return await self._articles.find(*args, **options)


class SlowStore:
    """The real store with late articles."""

    def __init__(self, store: Any, wait_s: float) -> None:
        self._store = store
        self.articles = SlowArticles(store.articles, wait_s)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_controls_work_after_a_restart_and_commands_are_not_synced_again(
    stage: Stage,
) -> None:
    mina = stage.person()
    shown = (await mina.command("tag", name="UN")).message
    assert shown
    await stage.stop()
    await stage.start()
    turned = (await mina.press(shown, "Next")).message
    assert turned and "session 7" in text_of(turned)
    assert (await mina.select(turned, "Read", "Council meets for session 7")).is_ephemeral
    assert len(mina.requests_to("PUT", "/commands")) == 1


async def test_a_page_does_not_shift_when_articles_arrive(stage: Stage) -> None:
    mina = stage.person()
    shown = (await mina.command("tag", name="UN")).message
    assert shown
    late = [e for e in entries() if e.guid == "council-12"]
    await record(stage.store, late, title="Second Desk", scope_id=0)
    turned = await mina.press(shown, "Next")
    assert "session 7" in turned.text and "session 8" not in turned.text


@pytest.mark.fault("F28")
async def test_a_lost_key_gets_a_sentence(stage: Stage) -> None:
    mina = stage.person()
    shown = (await mina.command("tag", name="UN")).message
    assert shown
    message = stage.server.world.find_message(shown["id"])
    assert message
    for part in walk(list(message.components)):
        if part.get("label") == "Next":
            part["custom_id"] = custom_id("next", "nosuchkey", "6_f_1_")
        if part.get("label") == "Previous":
            part["custom_id"], part["disabled"] = "t9:later:thing", False
    for label in ("Next", "Previous"):
        answer = await mina.press(shown, label)
        assert answer.is_ephemeral and "too old" in answer.text


def walk(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for part in parts:
        found += [part, *walk(part.get("components") or [])]
    return found


@pytest.mark.fault("F28")
async def test_another_servers_articles_and_views_stay_its_own(stage: Stage) -> None:
    secret = [e for e in entries() if e.guid == "glacier"]
    feed = await record(stage.store, secret, title="Elsewhere", scope_id=4242)
    mina = stage.person()
    shown = (await mina.command("tag", name="Climate")).message
    assert shown and "2 articles" in text_of(shown)
    found = await stage.store.articles.named("Glacier", Scope(4242))
    foreign = next(h for h in found if h.feed == feed.title)
    assert "article" in (await mina.command("article", title=f"article:{foreign.id}")).text.lower()
    assert "Sensors" not in (await mina.command("article", title=f"article:{foreign.id}")).text
    key = await stage.store.views.put(
        "results", "tag:Climate", Scope(4242), int(mina.user_id), stage.now, None, {"heading": "x"}
    )
    message = stage.server.world.find_message(shown["id"])
    assert message
    for part in walk(list(message.components)):
        if part["type"] == 3:
            part["options"][0]["value"] = str(foreign.id)
    refused = await mina.select(shown, "Read", str(foreign.id))
    assert "Sensors" not in refused.text
    unis = (await mina.command("tag", name="UN")).message
    assert unis
    stored = stage.server.world.find_message(unis["id"])
    assert stored
    for part in walk(list(stored.components)):
        if part.get("label") == "Next":
            part["custom_id"] = custom_id("next", key, "1_f_99999999999999_")
    assert "too old" in (await mina.press(unis, "Next")).text


@pytest.mark.fault("F26")
async def test_a_slow_answer_is_deferred_then_filled_in(stage: Stage) -> None:
    await stage.stop()
    await stage.start(SlowStore(stage.store, 1.2))
    mina = stage.person()
    answer = await mina.command("tag", name="UN")
    assert answer.error is None and not answer.is_ephemeral
    assert "Tag Archives: UN" in answer.text
    await mina.press(answer.message or {}, "Next")
    await mina.until(lambda: "session 7" in text_of(mina.messages()[-1]))


async def test_a_slow_miss_takes_its_public_deferral_away(stage: Stage) -> None:
    await stage.stop()
    await stage.start(SlowStore(stage.store, 1.2))
    mina = stage.person()
    answer = await mina.command("search", query="zzzxqj")
    assert answer.error is None
    await mina.until(lambda: any("found nothing" in text_of(m) for m in mina.messages()))
    assert stage.person("ravi").messages() == []


async def test_a_defect_is_a_sentence_for_the_asker_alone_also_after_a_deferral(
    stage: Stage,
) -> None:
    mina = stage.person()
    for wait_s in (0.0, 1.2):
        await stage.stop()
        await stage.start(SlowStore(stage.store, wait_s))
        await mina.command("search", query="broken")
        await mina.until(lambda: any("our side" in text_of(m) for m in mina.messages()))
        assert stage.person("ravi").messages() == []


async def test_a_direct_message_reads_the_public_archive_alone(stage: Stage) -> None:
    (public,) = (e for e in entries() if e.guid == "glacier")
    own = replace(
        public,
        title="Our allotment floods",
        guid="allotment",
        url="https://own.example/allotment",
        blocks=(paragraph("Bring boots on Saturday, and a spade."),),
    )
    await record(stage.store, [own], title="Own Desk", scope_id=stage.guild_id)
    mina = stage.person()
    here = (await mina.command("tag", name="Climate")).text
    assert "3 articles" in here and "Our allotment floods" in here
    assert stage.client
    member = await stage.client.fetch_user(int(mina.user_id))
    direct = await member.create_dm()
    mina.go(str(direct.id))
    answer = await mina.command("tag", name="Climate")
    assert "2 articles" in answer.text and "Our allotment floods" not in answer.text
    opened = await mina.select(answer.message or {}, "Read", "Glacier lakes under watch")
    assert "Sensors measure" in opened.text
    shared = await mina.press(opened.message or {}, "Share")
    assert shared.error is None and not shared.is_ephemeral


@pytest.mark.fault("F27")
async def test_an_interaction_that_is_delivered_twice_is_done_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    hub = stage.server.hub
    again: list[Event] = []

    def repeat(event: Event) -> None:
        if event.name == "INTERACTION_CREATE" and event.data["id"] not in [
            e.data["id"] for e in again
        ]:
            again.append(event)
            hub.emit(event.name, event.data, event.for_user_id)

    hub.listeners.append(repeat)
    mina = stage.person()
    with caplog.at_level(logging.INFO):
        shown = await mina.command("tag", name="UN")
        await mina.press(shown.message or {}, "Next")
        await mina.until(lambda: len(again) == 2)
        await asyncio.sleep(0.3)
    assert len(mina.requests_to("POST", "/callback")) == 2
    said = [record.message for record in caplog.records if record.name.startswith("bot")]
    assert said.count("interaction.twice") == 2
    assert "interaction.failed" not in said


@pytest.mark.fault("F26", "F31")
async def test_a_command_waits_for_a_locked_database_and_answers(stage: Stage) -> None:
    ravi = stage.person("ravi")
    shown = await ravi.command("subscription add", channel="general", query="tag:UN")
    with closing(sqlite3.connect(stage.store.folder / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        pressing = asyncio.create_task(ravi.press(shown.message or {}, "Confirm"))
        await asyncio.sleep(4)
        (refused,) = [r for r in ravi.requests if r.path.endswith("/callback")][-1:]
        assert refused.body["type"] in (5, 6), "deferred within three seconds"
        other.execute("COMMIT")
    answer = await pressing
    assert answer.error is None
    for _ in range(40):
        if await stage.store.subscriptions.list(stage.guild_id):
            break
        await asyncio.sleep(0.1)
    assert len(await stage.store.subscriptions.list(stage.guild_id)) == 1
