"""Parts an article's text into pages: each begins at a sub-heading where one is near."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from discord import MediaGalleryItem

from bot.chat.escape import cleaned, inert, isolated, safe_url
from bot.chat.prose import prose
from bot.chat.tables import table
from bot.model import Block, BlockType

PAGE_CHARS = 2_300
PAGE_BYTES = 6_200
# Texts and galleries by turns: with every row of controls under them, forty components in all.
PAGE_PIECES = 6
GALLERY_ITEMS = 10
ALT_CHARS = 500
HEADING_CHARS = 200


@dataclass(slots=True)
class Sheet:
    """One page of an article's body: texts and galleries of images, in order.

    `blocks` are the places of the blocks that stand on it, `headings` of the sub-headings.
    """

    pieces: list[str | list[MediaGalleryItem]] = field(default_factory=list)
    chars: int = 0
    size: int = 0
    blocks: set[int] = field(default_factory=set)
    headings: list[int] = field(default_factory=list)

    def holds(self, text: str) -> bool:
        """Whether this text still fits."""
        return (
            self.chars + len(text) + 2 <= PAGE_CHARS
            and self.size + len(text.encode()) + 14 <= PAGE_BYTES
            and len(self.pieces) < PAGE_PIECES
        )

    def write(self, text: str) -> None:
        """Add a text as a paragraph of the last piece, or as a new piece after images."""
        self.chars += len(text) + 2
        self.size += len(text.encode()) + 14
        if self.pieces and isinstance(self.pieces[-1], str):
            self.pieces[-1] += f"\n\n{text}" if not text.startswith("### ") else f"\n{text}"
        else:
            self.pieces.append(text)

    def show(self, image: MediaGalleryItem) -> None:
        """Add an image beside the images before it."""
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, list) and len(last) < GALLERY_ITEMS:
            last.append(image)
        else:
            self.pieces.append([image])


def pages(blocks: Sequence[Block]) -> Iterator[Sheet]:
    """Yield an article's pages. A section stays whole where it fits; short ones share a page."""
    sheet = Sheet()
    for section in _sections(blocks):
        together = "\n\n".join(text for _, text in section if isinstance(text, str))
        if sheet.pieces and not sheet.holds(together):
            yield sheet
            sheet = Sheet()
        for place, piece in section:
            if len(sheet.pieces) >= PAGE_PIECES or (
                isinstance(piece, str) and not sheet.holds(piece)
            ):
                if sheet.pieces:
                    yield sheet
                sheet = Sheet()
            sheet.blocks.add(place)
            if not isinstance(piece, str):
                sheet.show(piece)
                continue
            if blocks[place].type is BlockType.SUBHEADING:
                sheet.headings.append(place)
            sheet.write(piece)
    if sheet.pieces:
        yield sheet


def page_of(blocks: Sequence[Block], block: int) -> int:
    """Return the number of the page on which a block begins, the first where it is on none."""
    numbered = enumerate(pages(blocks), 1)
    return next((number for number, sheet in numbered if block in sheet.blocks), 1)


def _sections(blocks: Iterable[Block]) -> Iterator[list[tuple[int, str | MediaGalleryItem]]]:
    section: list[tuple[int, str | MediaGalleryItem]] = []
    for place, block in enumerate(blocks):
        if block.type is BlockType.SUBHEADING and section:
            yield section
            section = []
        section.extend((place, piece) for piece in _pieces(block))
    if section:
        yield section


def _pieces(block: Block) -> Iterator[str | MediaGalleryItem]:
    if block.type is BlockType.IMAGE:
        url = safe_url(block.url)
        alt = cleaned(block.text)[:ALT_CHARS] or None
        if url is not None:
            yield MediaGalleryItem(url, description=alt)
        elif alt:
            yield f"-# {inert(alt, 600)}"
    elif block.type is BlockType.SUBHEADING:
        shown = inert(block.text, HEADING_CHARS, 500)
        if shown:
            yield f"### {isolated(shown)}"
    elif block.type is BlockType.TABLE:
        yield from table(block.text)
    else:
        yield from prose(block)
