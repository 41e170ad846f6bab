"""The index's text made in one go is the one made part by part."""

from __future__ import annotations

import pickle
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.newspaper import write_export
from bot.ingest.document import file_pieces
from bot.model import Block, BlockType, Entry, Keyed, Texts
from bot.query import indexing, text

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


def test_an_entry_comes_out_of_a_worker_as_it_went_in() -> None:
    image = Block(BlockType.IMAGE, "A chart", "https://site.example/a.png")
    texts = indexing.texts("A title", (image,))
    keyed = Keyed(Entry("A title", blocks=(image,)), ("link:1",), b"hash", texts)
    assert pickle.loads(pickle.dumps(keyed)) == keyed


def test_texts_made_by_a_worker_are_those_that_intake_makes_itself(tmp_path: Path) -> None:
    export = tmp_path / "export.xml"
    write_export(export, 3)
    keyed = [k for part in file_pieces(str(export)) if isinstance(part, tuple) for k in part]
    assert len(keyed) == 3
    assert [k.texts for k in keyed] == [
        indexing.texts(k.entry.title, k.entry.blocks) for k in keyed
    ]
