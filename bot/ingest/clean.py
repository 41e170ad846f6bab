"""HTML to blocks: what WordPress stores or renders is made ready for the walk over its tree.

Also re-exports the text functions, so that formats need one name for cleaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.ingest.limits import MAX_CONTENT
from bot.ingest.plain import clean_lines, clean_text, cut, name_text, title_text
from bot.ingest.walk import BLANK_LINE, Walk
from bot.model import Block, BlockType

__all__ = [
    "Markup",
    "clean_lines",
    "clean_text",
    "cut",
    "html_to_blocks",
    "name_text",
    "node_blocks",
    "plain_markup",
    "read_html",
    "title_text",
]

_BLOCK_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_CAPTION = re.compile(
    r"\[(?:wp_)?caption\b[^\]]{0,2000}\](.{0,4000}?)\[/(?:wp_)?caption\]", re.IGNORECASE | re.DOTALL
)
_SHORTCODE = re.compile(
    r"\[/?(?:caption|wp_caption|gallery|youtube|vimeo|dailymotion|embed|audio|video|playlist|"
    r"soundcloud|"
    r"slideshare|googlemaps|contact-form(?:-7)?|contact-field|polldaddy|tweet|instagram|archives|"
    r"sourcecode|(?:vc|et_pb|fusion|av)_\w+)\b[^\[\]]{0,2000}\]"
    # Any other one that carries attributes, and any closing one.
    r"|\[[a-z][\w-]{0,40}(?:\s+[\w-]{1,40}\s*=\s*"
    r"(?:\"[^\"]{0,500}\"|'[^']{0,500}'|[^\s\]\"']{1,200}))+"
    r"\s*/?\]|\[/[a-z][\w-]{0,40}\]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Markup:
    """The blocks of one body, and whether a link "Continue reading" or the limit cut it."""

    blocks: tuple[Block, ...]
    truncated: bool = False


def html_to_blocks(html: str, base: str | None = None) -> tuple[Block, ...]:
    """Return the blocks of a piece of HTML; relative image links are resolved against `base`."""
    return read_html(html, base).blocks


def read_html(html: str, base: str | None = None, *, autop: bool | None = None) -> Markup:
    """Return the blocks of a piece of HTML and whether it is an excerpt.

    `autop`: blank lines part paragraphs and single ones are kept, as WordPress renders its stored
    text. None: blank lines part paragraphs where the HTML marks none itself.
    """
    cut_off = len(html) > MAX_CONTENT
    html = html[:MAX_CONTENT]
    if "[" in html:
        html = _SHORTCODE.sub("", _CAPTION.sub(r"<figure>\1</figure>", html))
    if "<" not in html and "&" not in html:
        return Markup(_paragraphs(html, keep_lines=bool(autop)), cut_off)
    if autop and "<!-- wp:" in html:
        html, autop = _BLOCK_COMMENT.sub("", html), "<p" not in html
    split = autop if autop is not None else not ("<p" in html or "<br" in html or "<P" in html)
    root = LexborHTMLParser(html).body
    if root is None:
        return Markup((), cut_off)
    walk = Walk(base, split=split, keep_lines=bool(autop))
    walk.children(root, 0)
    walk.flush()
    return Markup(tuple(walk.blocks), walk.more or cut_off)


def node_blocks(node: LexborNode, base: str | None = None) -> Markup:
    """Return the blocks of an element of a page that is parsed already."""
    walk = Walk(base, split=False, keep_lines=False)
    walk.children(node, 0)
    walk.flush()
    return Markup(tuple(walk.blocks), walk.more)


def plain_markup(text: str) -> Markup:
    """Return the paragraphs of text without markup, parted by blank lines."""
    return Markup(_paragraphs(text[:MAX_CONTENT], keep_lines=False), len(text) > MAX_CONTENT)


def _paragraphs(text: str, *, keep_lines: bool) -> tuple[Block, ...]:
    clean = clean_lines if keep_lines else clean_text
    texts = (clean(part) for part in BLANK_LINE.split(text.replace("\r\n", "\n")))
    return tuple(Block(BlockType.PARAGRAPH, text) for text in texts if text)
