"""The index's text made in one go is the one made part by part."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.newspaper import write_export
from bot.ingest.document import file_pieces
from bot.model import Block, BlockType, Entry, Keyed, Term, Texts
from bot.query import indexing, text

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)

PIECES = st.sampled_from(
    ["US", "us", "don't", "U.N.", "C++", "1,000", "東京", "ÉCONOMIE", "GROWTH", "said.", "“Rates”"]
)
PARTS = st.lists(
    st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=8).map(" ".join)), max_size=6
)


@given(PARTS)
def test_parts_indexed_together_are_the_parts_indexed_one_by_one(parts: list[str]) -> None:
    together, words = text.indexed(parts)
    assert together.split() == [token for part in parts for token in text.tokens(part)]
    one_by_one = (word for part in parts for word in text.words_text(part).split())
    assert words.split() == list(dict.fromkeys(one_by_one))


@given(PARTS)
def test_a_headline_in_capitals_shouts_beside_other_text(parts: list[str]) -> None:
    shouted = "RATES FALL AS TRADERS WAIT FOR US DATA"
    together, _ = text.indexed([shouted, *parts])
    assert together.split()[: len(shouted.split())] == text.tokens(shouted)


def test_sub_headings_and_body_are_apart_and_share_their_words() -> None:
    blocks = (
        Block(BlockType.PARAGRAPH, "Markets rallied."),
        Block(BlockType.SUBHEADING, "Rallied markets"),
    )
    assert indexing.texts("A title", blocks) == Texts(
        "a titl", "ralli market", "market ralli", "title", "rallied markets"
    )


@given(PARTS, PARTS)
def test_texts_indexed_together_share_their_words(heads: list[str], body: list[str]) -> None:
    (head, rest), words = text.indexed_together(heads, body)
    assert (head, rest) == (text.indexed(heads)[0], text.indexed(body)[0])
    assert words == indexing.joined([text.indexed(heads)[1], text.indexed(body)[1]])


def test_an_entry_comes_out_of_a_worker_as_it_went_in() -> None:
    image = Block(BlockType.IMAGE, "A chart", "https://site.example/a.png")
    entry = Entry("A title", tags=(Term("UN", "category", "u-n"),), post_id=7, blocks=(image,))
    keyed = Keyed(replace(entry, published_at=NOW, source_raw="Source : x"), ("link:1",), b"hash")
    for one in (keyed, indexing.made_ready(keyed)):
        assert pickle.loads(pickle.dumps(one)) == one


def test_what_is_made_ready_is_whole_again() -> None:
    blocks = (
        Block(BlockType.PARAGRAPH, 'Tabs\t, "quotes", a \\, é and \u2028 stand.\n\x7f'),
        Block(BlockType.IMAGE, "", 'https://site.example/"a".png'),
    )
    keyed = Keyed(Entry("A title", blocks=blocks), ("link:1",), b"hash")
    ready = indexing.made_ready(keyed)
    assert ready.entry.blocks == ()
    assert ready.ready is not None and ready.ready.has_image
    assert ready.ready.blocks == json.dumps(
        [["paragraph", blocks[0].text], ["image", "", blocks[1].url]], ensure_ascii=False
    )
    assert indexing.whole(ready).entry == keyed.entry
    assert indexing.whole(keyed) is keyed


def test_texts_made_by_a_worker_are_those_that_intake_makes_itself(tmp_path: Path) -> None:
    export = tmp_path / "export.xml"
    write_export(export, 3)
    keyed = [k for part in file_pieces(str(export)) if isinstance(part, tuple) for k in part]
    assert len(keyed) == 3
    for each in keyed:
        entry = indexing.whole(each).entry
        assert each.ready is not None and len(entry.blocks) > 10
        assert each.ready.texts == indexing.texts(entry.title, entry.blocks)
