"""What else to read: by what an article speaks of and its tags, within what a reader may see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import PUBLIC_SCOPE, Scope
from bot.query import language
from bot.store import Store
from tests.conftest import NOW, Newsroom, make_entry

ICE = "The glacier lost its moraine when meltwater broke the icefall above the valley. "


async def related(store: Store, title: str, scope: Scope = PUBLIC_SCOPE) -> list[str]:
    page = await store.articles.search(language.parse(f'title:"{title}"'), scope, now=NOW)
    return [hit.title for hit in await store.related.to(page.hits[0].id, scope)]


async def publish(newsroom: Newsroom) -> None:
    await newsroom.publish(
        make_entry("Thaw", body=ICE + "Sensors counted it."),
        make_entry("Alps", body="Meltwater and moraine: what a glacier leaves in a valley."),
        make_entry("Peaks", body="An icefall moved above the valley, and the glacier with it."),
        make_entry("Orchard", body="Apples blossom early in the warm spring of this year."),
        make_entry("Cider", body="Apples pressed late in the year make the best cider."),
        *[make_entry(f"Note {i}", body=f"Council number {i} met at noon.") for i in range(9)],
    )


@pytest.mark.parametrize("beside", [False, True])
async def test_articles_of_one_subject_are_related_by_their_texts(
    newsroom: Newsroom, beside: bool
) -> None:
    await publish(newsroom)
    if beside:
        await newsroom.store.beside.refresh(least=1, rebuild=True)
    assert set((await related(newsroom.store, "Thaw"))[:2]) == {"Alps", "Peaks"}
    assert (await related(newsroom.store, "Orchard"))[0] == "Cider"


async def test_a_rare_tag_relates_what_shares_no_word(newsroom: Newsroom) -> None:
    await publish(newsroom)
    await newsroom.publish(
        make_entry("Choir", body="Songs by the score.", tags=["Pelagia"]),
        make_entry("Ferry", body="Boats leave hourly.", tags=["Pelagia"]),
    )
    assert await related(newsroom.store, "Choir") == ["Ferry"]


async def test_nothing_of_another_guild_is_related(newsroom: Newsroom) -> None:
    await publish(newsroom)
    own = [make_entry(f"Own {i}", body=ICE + f"Number {i}, and more {i}.") for i in range(3)]
    await newsroom.publish(*own, feed="Own", scope_id=7)
    for scope in (PUBLIC_SCOPE, Scope(8)):
        assert not any(
            title.startswith("Own") for title in await related(newsroom.store, "Thaw", scope)
        )
    seen = await related(newsroom.store, "Thaw", Scope(7))
    assert any(title.startswith("Own") for title in seen)


async def test_an_article_without_text_or_title_relates_to_nothing(newsroom: Newsroom) -> None:
    await publish(newsroom)
    await newsroom.publish(replace(make_entry(""), guid="empty"))
    (hit,) = (
        await newsroom.store.articles.search(language.parse(""), PUBLIC_SCOPE, now=NOW, limit=1)
    ).hits
    assert hit.title == ""
    assert await newsroom.store.related.to(hit.id, PUBLIC_SCOPE) == ()
