"""The walk over an HTML tree that makes blocks of it: by hand on selectolax, the fastest found.

On the same documents html2text takes about seven times as long (benchmarks/cleaning.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborNode

from bot.ingest.limits import MAX_BLOCK_LINKS, MAX_BLOCKS, MAX_DEPTH
from bot.ingest.linked import Span, joined, lines_of, moved, placed
from bot.ingest.links import safe_link
from bot.ingest.plain import clean_lines, clean_text
from bot.model import Block, BlockType

BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
"""What parts paragraphs in text that marks none."""

_DROPPED = frozenset(
    {"script", "style", "noscript", "template", "head", "title", "meta", "link", "iframe"}
    | {"object", "embed", "applet", "form", "button", "input", "select", "textarea", "svg"}
    | {"math", "nav", "audio", "video", "canvas", "map", "-comment", "!doctype"}
)
_CONTAINERS = frozenset(
    {"p", "div", "section", "article", "header", "footer", "main", "aside", "center"}
    | {"address", "details", "summary", "fieldset", "dl", "dt", "dd", "body", "html", "hgroup"}
    | {"td", "th", "tr", "tbody", "thead", "tfoot", "caption", "legend", "li", "figcaption"}
)
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_FURNITURE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:share|shares|sharing|sharedaddy|social|related|relatedposts|addtoany|comments|"
    r"respond|breadcrumbs?|pagination|screen-reader-text)(?:$|[\s_-])",
    re.IGNORECASE,
)
_UNSEEN_CLASS = re.compile(
    r"(?:^|\s)(?:screen-reader-text|sr-only|visually-?hidden)(?:$|\s)", re.IGNORECASE
)
_LONGEST_BOLD_HEADING = 100
_TRACKING_PIXEL = ("0", "1", "1px", "0px")


class Walk:
    """One walk over one tree; text gathers in `parts` until a block's border flushes it.

    `split`: blank lines part paragraphs. `keep_lines`: single line breaks are kept.
    """

    __slots__ = (
        "base",
        "blocks",
        "bold",
        "bolds",
        "images",
        "keep",
        "more",
        "parts",
        "plain",
        "spans",
        "split",
    )

    def __init__(self, base: str | None, *, split: bool, keep_lines: bool) -> None:
        self.base = base
        self.split = split
        self.keep = keep_lines
        self.blocks: list[Block] = []
        self.parts: list[str] = []
        self.spans: list[Span] = []
        self.images: list[Block] = []
        self.bold = 0
        self.bolds = False
        self.plain = False
        self.more = False

    def children(self, parent: LexborNode, depth: int) -> None:
        """Walk the children of a node; what nests deeper than MAX_DEPTH is left out."""
        if depth > MAX_DEPTH or len(self.blocks) > MAX_BLOCKS:
            self.more = True
            return
        node = parent.first_child
        while node is not None:
            tag = node.tag
            if tag == "-text":
                self.text(node.text_content or "")
            elif tag in _CONTAINERS:
                if tag == "p" or not _is_furniture(node):
                    self.flush()
                    self.children(node, depth + 1)
                    self.flush()
            elif tag not in _DROPPED and tag is not None:
                action = _ACTIONS.get(tag)
                if action is None:
                    self.children(node, depth + 1)
                else:
                    action(self, node, depth)
            node = node.next

    def text(self, text: str) -> None:
        """Take in the text of one text node."""
        if self.split and "\n" in text:
            pieces = BLANK_LINE.split(text.replace("\r\n", "\n"))
            for piece in pieces[:-1]:
                self.piece(piece)
                self.flush()
            text = pieces[-1]
        self.piece(text)

    def piece(self, text: str) -> None:
        """Take in text that holds no paragraph border."""
        if not text:
            return
        self.parts.append(text if self.keep else text.replace("\n", " "))
        if not text.isspace():
            if self.bold:
                self.bolds = True
            else:
                self.plain = True

    def flush(self, kind: BlockType = BlockType.PARAGRAPH) -> None:
        """End the block that was gathered."""
        if self.parts:
            parts, spans = self.parts, self.spans
            text = parts[0] if len(parts) == 1 else "".join(parts)
            self.parts, self.spans = [], []
            if not text.isspace() and (text := clean_lines(text)):
                if self.bolds and not self.plain and _is_heading(text):
                    kind = BlockType.SUBHEADING
                if kind is BlockType.SUBHEADING:
                    text = text.replace("\n", " ")
                self.blocks.append(
                    Block(kind, text, None, placed(parts, spans, text))
                    if spans
                    else Block(kind, text)
                )
        self.bolds = self.plain = False
        if self.images:
            self.blocks.extend(self.images)
            self.images = []

    def inner(self, node: LexborNode, depth: int) -> list[Block]:
        """Return the blocks of a node by a walk of its own."""
        walk = Walk(self.base, split=self.split, keep_lines=self.keep)
        walk.children(node, depth + 1)
        walk.flush()
        self.more = self.more or walk.more
        return walk.blocks

    def on_break(self, _node: LexborNode, _depth: int) -> None:
        """<br>: a line break; two in a row part paragraphs."""
        for part in reversed(self.parts):
            if part == "\n":
                self.flush()
                return
            if not part.isspace():
                self.parts.append("\n")
                return

    def on_rule(self, _node: LexborNode, _depth: int) -> None:
        """<hr>: a border."""
        self.flush()

    def on_bold(self, node: LexborNode, depth: int) -> None:
        """<strong>, <b>: a paragraph of nothing else is a sub-heading."""
        self.bold += 1
        self.children(node, depth + 1)
        self.bold -= 1

    def on_link(self, node: LexborNode, depth: int) -> None:
        """<a>: its text and where it leads, unless it is the link to the rest of an excerpt."""
        found = node.attributes
        if "more-link" in (found.get("class") or ""):
            self.more = True
            return
        parts, begin = self.parts, len(self.parts)
        self.children(node, depth + 1)
        # A link around whole blocks is none of a text's own.
        if self.parts is parts and len(parts) > begin and len(self.spans) < MAX_BLOCK_LINKS:
            href = found.get("href") or ""
            url = None if href.startswith("#") else safe_link(href, self.base)
            if url is not None:
                self.spans.append((begin, len(parts), url))

    def on_span(self, node: LexborNode, depth: int) -> None:
        """<span>: its text, unless it is for screen readers alone."""
        named = node.attributes.get("class")
        if named and _UNSEEN_CLASS.search(named):
            return
        self.children(node, depth + 1)

    def on_heading(self, node: LexborNode, depth: int) -> None:
        """<h1> to <h6>: a sure sub-heading."""
        self.flush()
        self.children(node, depth + 1)
        self.flush(BlockType.SUBHEADING)

    def on_image(self, node: LexborNode, _depth: int) -> None:
        """<img>: a block of its own after the text it stands in; tracking pixels are dropped."""
        found = node.attributes
        if found.get("width") in _TRACKING_PIXEL or found.get("height") in _TRACKING_PIXEL:
            return
        url = next(
            filter(None, (safe_link(found.get(n), self.base) for n in ("src", "data-src"))), None
        )
        if url is None:
            return
        image = Block(BlockType.IMAGE, clean_text(found.get("alt") or ""), url)
        (self.images if self.parts else self.blocks).append(image)

    def on_figure(self, node: LexborNode, depth: int) -> None:
        """<figure>: its text describes its image."""
        self.flush()
        found = self.inner(node, depth)
        images = [block for block in found if block.type is BlockType.IMAGE]
        texts = [b.text for b in found if b.type in (BlockType.PARAGRAPH, BlockType.SUBHEADING)]
        if len(images) == 1 and texts and len(texts) + 1 == len(found):
            found = [Block(BlockType.IMAGE, " ".join(texts), images[0].url)]
        self.blocks.extend(found)

    def on_list(self, node: LexborNode, depth: int) -> None:
        """<ul>, <ol>: a line per item, those of a nested list indented."""
        if _is_furniture(node):
            return
        self.flush()
        lines: list[Block] = []
        images: list[Block] = []
        for item in node.iter():
            self._item(item, depth, lines, images)
        if lines:
            self.blocks.append(joined(BlockType.LIST, lines, "\n"))
        self.blocks.extend(images)

    def _item(self, item: LexborNode, depth: int, lines: list[Block], images: list[Block]) -> None:
        own: list[Block] = []
        nested: list[Block] = []
        for block in self.inner(item, depth):
            if block.type is BlockType.IMAGE:
                images.append(block)
            elif block.type is BlockType.LIST:
                nested.extend(
                    Block(block.type, f"  {line}", None, moved(links, 2))
                    for line, links in lines_of(block)
                )
            else:
                own.append(Block(block.type, block.text.replace("\n", " "), None, block.links))
        if own:
            lines.append(joined(BlockType.LIST, own, " "))
        lines.extend(nested)

    def on_quote(self, node: LexborNode, depth: int) -> None:
        """<blockquote>: one block, a line per paragraph."""
        self.flush()
        found = self.inner(node, depth)
        texts = [block for block in found if block.type is not BlockType.IMAGE]
        if texts:
            self.blocks.append(joined(BlockType.QUOTE, texts, "\n"))
        self.blocks.extend(block for block in found if block.type is BlockType.IMAGE)

    def on_preformatted(self, node: LexborNode, _depth: int) -> None:
        """<pre>: a paragraph that keeps its lines."""
        self.flush()
        text = clean_lines(node.text(deep=True))
        if text:
            self.blocks.append(Block(BlockType.PARAGRAPH, text))

    def on_table(self, node: LexborNode, depth: int) -> None:
        """<table>: a line per row; one that only lays out paragraphs is walked through."""
        self.flush()
        if node.css_first("table table, td p, td div, td h2, td h3, td ul, td img") is not None:
            self.children(node, depth + 1)
            self.flush()
            return
        rows = []
        for row in node.css("tr"):
            cells = [clean_text(cell.text(deep=True)) for cell in row.css("td, th")]
            if any(cells):
                rows.append(" | ".join(cells))
        if rows:
            self.blocks.append(Block(BlockType.TABLE, "\n".join(rows)))


_Action = Callable[[Walk, LexborNode, int], None]
_ACTIONS: dict[str, _Action] = {
    "br": Walk.on_break,
    "hr": Walk.on_rule,
    "b": Walk.on_bold,
    "strong": Walk.on_bold,
    "a": Walk.on_link,
    "span": Walk.on_span,
    "img": Walk.on_image,
    "figure": Walk.on_figure,
    "ul": Walk.on_list,
    "ol": Walk.on_list,
    "blockquote": Walk.on_quote,
    "pre": Walk.on_preformatted,
    "table": Walk.on_table,
    **dict.fromkeys(_HEADINGS, Walk.on_heading),
}


def _is_heading(text: str) -> bool:
    return len(text) <= _LONGEST_BOLD_HEADING and not text.endswith((".", ",", ";", "…"))


def _is_furniture(node: LexborNode) -> bool:
    classes = node.attributes.get("class")
    return bool(classes) and _FURNITURE_CLASS.search(classes or "") is not None
