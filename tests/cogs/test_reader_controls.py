"""The reader's own controls: contents, tags beyond the first, an article that goes meanwhile."""

from __future__ import annotations

from bot.model import Block, BlockType, Entry, Scope, Term
from bot.playground.driver import labels_of
from tests.cogs.conftest import NOW, Stage, paragraph, record

LONG = Entry(
    title="A long walk along the canal",
    guid="walk",
    url="https://news.example/walk",
    tags=tuple(Term(f"Lock {number}") for number in range(1, 13)),
    published_at=NOW,
    blocks=tuple(
        block
        for number in range(1, 9)
        for block in (
            Block(BlockType.SUBHEADING, f"Lock number {number}"),
            paragraph(f"Water stood at mark {number}. " * 40),
        )
    ),
)


async def id_of(stage: Stage) -> int:
    hits = await stage.store.articles.named(LONG.title, Scope(), limit=5)
    return hits[0].id


async def test_a_sub_heading_of_the_contents_turns_the_page(stage: Stage) -> None:
    await record(stage.store, [LONG], title="Canal Wire", scope_id=0)
    opened = await stage.person().command("article", title=LONG.title)
    assert opened.message and "page 1 of" in opened.text
    turned = await stage.person().select(opened.message, "Contents", "Lock number 7")
    assert turned.message and turned.message["id"] == opened.message["id"]
    assert "mark 7" in turned.text and "mark 1." not in turned.text


async def test_a_shared_reader_gives_a_stranger_a_page_of_their_own(stage: Stage) -> None:
    await record(stage.store, [LONG], title="Canal Wire", scope_id=0)
    mina, ravi = stage.person(), stage.person("ravi")
    answer = await mina.command("search", query="canal walk", private=False)
    assert answer.message and not answer.is_ephemeral
    own = await ravi.select(answer.message, "Contents", "Lock number 8")
    assert own.is_ephemeral and own.message and own.message["id"] != answer.message["id"]
    assert "mark 8" in own.text


async def test_a_tag_beyond_the_first_five_opens_its_archive_from_the_menu(stage: Stage) -> None:
    await record(stage.store, [LONG], title="Canal Wire", scope_id=0)
    opened = await stage.person().command("article", title=LONG.title)
    assert opened.message
    assert "Lock 5" in labels_of(opened.message) and "Lock 6" not in labels_of(opened.message)
    tag = await stage.person().select(opened.message, "Other tags", "Lock 12")
    assert tag.is_ephemeral and "Tag Archives: Lock 12" in tag.text


async def test_an_article_that_goes_while_it_is_read_gets_a_sentence(stage: Stage) -> None:
    await record(stage.store, [LONG], title="Canal Wire", scope_id=0)
    mina = stage.person()
    opened = await mina.command("article", title=LONG.title)
    assert opened.message
    await stage.store.articles.hide(await id_of(stage), "removed")
    for press in ("Next", "Share", "Save"):
        gone = await mina.press(opened.message, press)
        assert gone.is_ephemeral and gone.error is None
        assert "may have been removed" in gone.text, press
    gone = await mina.select(opened.message, "Contents", "Lock number 7")
    assert gone.is_ephemeral and gone.error is None


async def test_a_withdrawn_article_opens_from_an_old_message_and_says_what_it_is(
    stage: Stage,
) -> None:
    await record(stage.store, [LONG], title="Canal Wire", scope_id=0)
    mina = stage.person()
    opened = await mina.command("article", title=LONG.title)
    assert opened.message and "withdrawn" not in opened.text
    await stage.store.articles.hide(await id_of(stage), "withdrawn")
    turned = await mina.press(opened.message, "Next")
    assert "Its source has withdrawn this article." in turned.text
