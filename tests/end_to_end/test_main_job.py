"""The main job, asked and clicked as people do: an archive in, answers and posts out."""

from __future__ import annotations

import pytest

from bot.playground.driver import text_of
from tests.end_to_end.conftest import Newsroom

pytestmark = pytest.mark.timeout(60)


async def test_a_member_finds_and_reads_an_article(newsroom: Newsroom) -> None:
    (choice, *_) = await newsroom.member.autocomplete("tag", "name", "Oce")
    answer = await newsroom.member.command("tag", name=choice["value"])
    assert answer.message is not None
    assert "Tag Archives: Oceans" in answer.text
    menu = next(
        part
        for row in answer.message["components"][0]["components"]
        for part in row.get("components", [])
        if part.get("placeholder", "").startswith("Read")
    )
    read = await newsroom.member.select(answer.message, "Read", menu["options"][0]["label"])
    assert read.is_ephemeral
    assert "Source" in read.text


@pytest.mark.parametrize("channel", ["newsroom", "announcements", "stories", "story ideas"])
async def test_a_new_item_arrives_once_in_each_kind_of_channel(
    newsroom: Newsroom, channel: str
) -> None:
    await newsroom.subscribe(channel)
    titles = [await newsroom.publish() for _ in range(2)]
    for title in titles:
        await newsroom.until_posted(title, channel)
    await newsroom.until_settled()
    assert [len(newsroom.posted(title, channel)) for title in titles] == [1, 1]
    if channel == "announcements":
        assert all(m["flags"] & 1 for t in titles for m in newsroom.posted(t, channel))
    newsroom.check()


async def test_what_was_there_before_is_not_announced(newsroom: Newsroom) -> None:
    await newsroom.subscribe("newsroom")
    title = await newsroom.publish()
    await newsroom.until_posted(title)
    assert [text_of(m) for m in newsroom.posted("Harbour bulletin one")] == []
