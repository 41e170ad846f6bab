"""Links of a text: where they stand once it is clean, and that nothing else changes by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ingest.byline import read_body
from bot.ingest.clean import html_to_blocks, read_html
from bot.model import Block, BlockType
from bot.query.packing import packed, unpacked

BASE = "https://w.example/2026/"
PIECES = (
    *(
        "a",
        " ",
        "  b ",
        "<br>",
        "<b>c</b>",
        "\n\n",
        "e\u0301",
        "\u200d",
        "日本",
        "</p><p>",
        "&amp;",
    ),
    *("<a href='x'>", "</a>", "<ul><li>", "</li></ul>", "<blockquote>", "</blockquote>"),
)


def marked(block: Block) -> str:
    """Return a block's text with each link written as [label](address)."""
    shown, at = "", 0
    for start, end, url in block.links:
        shown += f"{block.text[at:start]}[{block.text[start:end]}]({url})"
        at = end
    return shown + block.text[at:]


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (
            "<p>See <a href='/r?a=1'>the report</a>.</p>",
            "See [the report](https://w.example/r?a=1).",
        ),
        ("<p>A <a href='x'> b  c </a> d</p>", "A [b c](https://w.example/2026/x) d"),
        ("<p>the<a href='x'>the</a>the</p>", "the[the](https://w.example/2026/x)the"),
        ("<p><a href='a'>1</a><a href='b'>2</a></p>", f"[1]({BASE}a)[2]({BASE}b)"),
        ("<p>a<br><a href='x'>b <b>c</b></a></p>", f"a\n[b c]({BASE}x)"),
        ("<p>\u200bא <a href='x'>ב\u00a0ג</a></p>", f"א [ב ג]({BASE}x)"),
        ("<p>x<a href='#note'>1</a><a href='mailto:a@b.example'>m</a></p>", "x1m"),
        ("<p>x<a href='javascript:alert(1)'>1</a><a>2</a><a href=''>3</a></p>", "x123"),
        ("<p>x <a href='y'><img src='i.png'></a> z</p>", "x z"),
        ("<ul><li>a<ul><li>b <a href='x'>c</a></li></ul></li></ul>", f"a\n  b [c]({BASE}x)"),
        (
            "<ol><li><p>a</p><p><a href='x'>b</a></p></li><li><a href='y'>c</a></li></ol>",
            f"a [b]({BASE}x)\n[c]({BASE}y)",
        ),
        (
            "<blockquote><p>a</p><p>b <a href='x'>c</a></p></blockquote>",
            f"a\nb [c]({BASE}x)",
        ),
    ],
)
def test_links_stand_on_their_own_words(html: str, shown: str) -> None:
    assert marked(html_to_blocks(html, BASE)[0]) == shown


def test_a_link_around_whole_blocks_is_none_of_their_texts() -> None:
    found = html_to_blocks("<a href='x'><div>one</div><div>two</div></a> three", BASE)
    assert [marked(block) for block in found] == ["one", "two", "three"]


@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=30,
    ),
    st.sampled_from([None, True]),
)
def test_a_link_changes_no_text_and_stands_within_it(parts: list[str], autop: bool | None) -> None:
    html = f"<p>{''.join(parts)}</p>"
    # A link without an address has the same tree and is no link.
    plain = read_html(html.replace(" href='x'", ""), BASE, autop=autop).blocks
    linked = read_html(html, BASE, autop=autop).blocks
    assert linked == plain
    for block in linked:
        ends = [0, *(place for start, end, _ in block.links for place in (start, end))]
        assert ends == sorted(ends) and ends[-1] <= len(block.text)
        for start, end, _ in block.links:
            label = block.text[start:end]
            assert label and label == label.strip()


def test_links_stay_in_step_when_a_byline_and_the_mark_of_an_excerpt_are_taken_off() -> None:
    html = (
        "<p><a href='/ana'>Ana Berg</a> wrote . . . .<br>Read <a href='x'>this</a> now.</p>"
        "<p>And <a href='y'>that</a>. Continue reading »</p>"
    )
    body = read_body(html_to_blocks(html, BASE), plain=False)
    assert body.authors == ("Ana Berg",)
    assert [marked(block) for block in body.blocks] == [
        f"Read [this]({BASE}x) now.",
        f"And [that]({BASE}y).",
    ]


def test_blocks_are_stored_with_their_links_and_read_back() -> None:
    kept = (
        Block(BlockType.PARAGRAPH, 'a "b"', None, ((0, 1, 'https://w.example/"x'), (2, 5, "u"))),
        Block(BlockType.IMAGE, "c", "https://w.example/i.png"),
        Block(BlockType.LIST, "d"),
    )
    again = unpacked(packed(kept))
    assert again == kept
    assert [block.links for block in again] == [block.links for block in kept]
    assert unpacked('[["paragraph", "old"]]') == (Block(BlockType.PARAGRAPH, "old"),)
