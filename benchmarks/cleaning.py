"""HTML bodies to blocks, beside html2text, which turns the same documents into Markdown.

A document is an article of about 700 words as a site publishes it: paragraphs, sub-headings, a
list, links, emphasis and entities. html2text runs without wrapping lines (`bodywidth` 0), which
spares it work that ours does not do either.
"""

from __future__ import annotations

from collections.abc import Sequence

import html2text

from benchmarks.newspaper import Writer
from benchmarks.pairs import Row, interleave
from bot.ingest.clean import html_to_blocks

DOCUMENTS, PAIRS, LEAST = 200, 9, 4.0


def measure() -> Sequence[Row]:
    """Measure both sides on all documents, pair by pair; about five seconds."""
    documents = [post.html for post in Writer().posts(DOCUMENTS)]

    def ours() -> None:
        for html in documents:
            html_to_blocks(html)

    def peer() -> None:
        for html in documents:
            html2text.html2text(html, bodywidth=0)

    pairs = interleave(ours, peer, PAIRS)
    size_kb = sum(map(len, documents)) / DOCUMENTS / 1000
    row = Row(
        "HTML to blocks: times the speed of html2text",
        f"{DOCUMENTS / pairs.ours_ms * 1000:,.0f} documents/s",
        f"{DOCUMENTS / pairs.peer_ms * 1000:,.0f} documents/s",
        1 / pairs.ratio,
        LEAST,
        at_least=True,
        n=PAIRS,
        note=f"{DOCUMENTS} documents of {size_kb:.1f} KB a time",
    )
    return [row]
