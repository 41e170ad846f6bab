"""Draws an article to be read: pages that break at sub-headings, with byline, source and tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import MediaGalleryItem, ui

from bot.chat.escape import cleaned, cut, head_of, inert, isolated, safe_url
from bot.chat.page import LABEL_CHARS, option_text, read_menu
from bot.chat.room import ACCENT, Room, Say, facts_line, title_link
from bot.chat.view_keys import button
from bot.model import Article, Block, BlockType, Hit, Kind

PAGE_CHARS = 2_300
PAGE_BYTES = 6_200
PAGE_PIECES = 12
GALLERY_ITEMS = 10
TAG_BUTTONS = 5
COPY_BUTTONS = 5
TABLE_WIDTH = 48
ALT_CHARS = 500
WORDS_A_MINUTE = 220
# Scripts written without spaces are read by characters, about this many a minute.
CHARACTERS_A_MINUTE = 500


@dataclass(slots=True)
class Sheet:
    """One page of an article's body: texts and galleries of images, in order."""

    pieces: list[str | list[MediaGalleryItem]] = field(default_factory=list)
    chars: int = 0
    size: int = 0
    blocks: set[int] = field(default_factory=set)

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


@dataclass(frozen=True, slots=True)
class Beside:
    """What the reader shows beside the text: related articles, and how it was before changes.

    `list_key` names the results of which the article is the only one.
    """

    related: tuple[Hit, ...] = ()
    versions: tuple[Article, ...] = ()
    list_key: str = ""


def reader(
    article: Article,
    number: int,
    say: Say,
    *,
    may_share: bool = True,
    beside: Beside | None = None,
) -> ui.LayoutView:
    """Return one page of an article; a number out of range is moved to the nearest page."""
    sheets = list(pages(article.blocks))
    number = min(max(1, number), max(1, len(sheets)))
    room = Room()
    beside = beside or Beside()
    head = _head(article, number, len(sheets), room, say)
    if beside.versions:
        head += f"\n-# {changed(beside.versions[-1], article, len(beside.versions), say)}"
    parts: list[ui.Item[Any]] = [room.text(head)]
    if beside.list_key:
        back = button(say("chat.as_list"), "first", beside.list_key)
        parts.insert(0, ui.Section(room.text(f"-# {say('chat.only_one')}"), accessory=back))
    parts.append(ui.Separator())
    parts.extend(_body(article, sheets[number - 1] if sheets else None, room, say))
    parts.append(ui.Separator())
    if number >= len(sheets):
        parts.append(room.text(foot(article, say)))
    parts.extend(_controls(article, number, len(sheets), say, beside.list_key, may_share))
    if article.also:
        parts.append(room.text(f"-# {say('chat.also_at_heading')}"))
        parts.append(ui.ActionRow(*_copies(article, say)))
    if beside.related:
        parts.append(room.text(f"-# {say('chat.related')}"))
        parts.append(ui.ActionRow(read_menu(beside.related, say, "related")))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=ACCENT))
    return view


def _head(article: Article, number: int, count: int, room: Room, say: Say) -> str:
    title = title_link(article.title, article.url, room, say)
    facts = facts_line(
        article.authors, article.source, article.feed, article.published_at, room.share(4), say
    )
    lines = [f"## {title.strip('*')}", f"-# {facts}"]
    extra = [say("chat.reading_time", count=minutes(article.blocks))]
    if count > 1:
        extra.append(say("chat.page_of", number=number, count=count))
    if article.kind is not Kind.ARTICLE:
        extra.insert(0, say(f"chat.kind_{article.kind}"))
    return "\n".join([*lines, f"-# {' · '.join(extra)}"])


def changed(before: Article, article: Article, times: int, say: Say) -> str:
    """Return what the last correction changed, and how many there were."""
    what: list[str] = []
    if before.title != article.title:
        what.append(say("chat.changed_title", title=isolated(inert(before.title, 120, 360))))
    if before.authors != article.authors:
        what.append(say("chat.changed_byline"))
    if {t.key for t in before.tags} != {t.key for t in article.tags}:
        what.append(say("chat.changed_tags"))
    added = [b for b in article.blocks if b not in before.blocks]
    gone = [b for b in before.blocks if b not in article.blocks]
    if added or gone:
        what.append(say("chat.changed_text", added=len(added), gone=len(gone)))
    shown = " · ".join(what) or say("chat.changed_other")
    return say("chat.corrected", count=times, what=shown)


def _body(article: Article, sheet: Sheet | None, room: Room, say: Say) -> Iterator[ui.Item[Any]]:
    if sheet is None:
        image = safe_url(article.image_url)
        if image is not None:
            alt = say("chat.image_of", title=cleaned(article.title)[:200])
            yield ui.MediaGallery(MediaGalleryItem(image, description=alt))
        yield room.text(say("chat.no_text_link" if safe_url(article.url) else "chat.no_text"))
        return
    for piece in sheet.pieces:
        yield room.text(piece) if isinstance(piece, str) else ui.MediaGallery(*piece)


def foot(article: Article, say: Say) -> str:
    """Return the lines under an article's last page: source, tags, whether it is cut."""
    source = inert(article.source or article.feed, 100, 300)
    lines = [f"-# {say('chat.source_line', source=isolated(source))}"]
    if article.truncated:
        lines.insert(0, f"-# {say('chat.truncated')}")
    if article.tags:
        names = ", ".join(inert(tag.name, 60, 120) for tag in article.tags[:15])
        more = len(article.tags) - 15
        names += f" {say('chat.more_tags', count=more)}" if more > 0 else ""
        lines.append(f"-# {say('chat.tags_line', tags=cut(names, 500, 1200))}")
    return "\n".join(lines)


def _controls(
    article: Article, number: int, count: int, say: Say, list_key: str, may_share: bool
) -> Iterator[ui.Item[Any]]:
    key = str(article.id)
    moves: list[ui.Item[Any]] = []
    if count > 1:
        back, on = (sheet_text(number + step, list_key) for step in (-1, 1))
        moves = [
            button(say("chat.previous"), "page", key, back, disabled=number <= 1),
            button(say("chat.next"), "page", key, on, disabled=number >= count),
        ]
    if may_share:
        moves.append(button(say("chat.share"), "share", key, style=discord.ButtonStyle.primary))
    moves.append(button(say("chat.save"), "save", key))
    url = safe_url(article.url)
    if url is not None:
        moves.append(ui.Button(label=say("chat.open_page"), url=url))
    if moves:
        yield ui.ActionRow(*moves)
    if article.tags:
        tags = article.tags[:TAG_BUTTONS]
        yield ui.ActionRow(
            *(button(option_text(t.name, "…", LABEL_CHARS), "tag", str(t.id)) for t in tags)
        )


def sheet_text(number: int, list_key: str) -> str:
    """Write a page's number, and after a dot the key of the list that the article is alone in."""
    return f"{number}.{list_key}" if list_key else str(number)


def _copies(article: Article, say: Say) -> Iterator[ui.Item[Any]]:
    """Yield a button for each copy of the story, which opens it to be read."""
    for copy in article.also[:COPY_BUTTONS]:
        label = option_text(copy.name, say("chat.untitled"), LABEL_CHARS)
        yield button(label, "open", str(copy.id))


def minutes(blocks: Sequence[Block]) -> int:
    """Return how many minutes reading takes, at least one."""
    text = " ".join(block.text for block in blocks if block.type is not BlockType.IMAGE)
    dense = sum(
        1
        for character in text
        if "\u2e80" <= character <= "\uffdc" or "\u0e00" <= character <= "\u0eff"
    )
    words = len(text.split()) if dense < len(text) // 3 else 0
    return max(1, round(words / WORDS_A_MINUTE + dense / CHARACTERS_A_MINUTE))


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
            if isinstance(piece, str):
                sheet.write(piece)
            else:
                sheet.show(piece)
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
        return
    if block.type is BlockType.SUBHEADING:
        shown = inert(block.text, 200, 500)
        if shown:
            yield f"### {isolated(shown)}"
    elif block.type is BlockType.TABLE:
        yield from _table(block.text)
    else:
        yield from _lines(block)


def _lines(block: Block) -> Iterator[str]:
    text = inert(block.text, lines=True)
    mark = {BlockType.LIST: "- ", BlockType.QUOTE: "> "}.get(block.type, "")
    chunk: list[str] = []
    used = size = 0
    for line in _short_lines(text, mark):
        if chunk and (
            used + len(line) > PAGE_CHARS // 2 or size + len(line.encode()) > PAGE_BYTES // 2
        ):
            yield "\n".join(chunk)
            chunk, used, size = [], 0, 0
        chunk.append(line)
        used += len(line) + 1
        size += len(line.encode()) + 1
    if chunk:
        yield "\n".join(chunk)


def _short_lines(text: str, mark: str) -> Iterator[str]:
    for line in text.split("\n"):
        rest = line
        lead = mark
        while rest:
            head, rest = head_of(rest, PAGE_CHARS // 2 - 4, PAGE_BYTES // 2 - 4)
            if not head:
                break
            yield lead + isolated(head)
            # What continues a list item is no item of its own.
            lead = "  " if mark == "- " else mark


def _table(text: str) -> Iterator[str]:
    rows = [[cleaned(cell) for cell in _cells(line)] for line in text.split("\n") if line.strip()]
    if not rows:
        return
    columns = max(len(row) for row in rows)
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) for i in range(columns)]
    narrow = sum(widths) + 2 * (columns - 1) <= TABLE_WIDTH
    if narrow and all(cell.isascii() for row in rows for cell in row):
        lines = [
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=False)).rstrip()
            for row in rows
        ]
        for chunk in _chunks([line.replace("`", "'") for line in lines]):
            yield f"```\n{chunk}\n```"
        return
    listed = [" · ".join(cell for cell in row if cell) for row in rows]
    yield from _lines(Block(BlockType.LIST, "\n".join(listed)))


def _cells(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split(" | ")


def _chunks(lines: Sequence[str]) -> Iterator[str]:
    chunk: list[str] = []
    for line in lines:
        if sum(len(kept) + 1 for kept in chunk) + len(line) > PAGE_CHARS // 2:
            yield "\n".join(chunk)
            chunk = []
        chunk.append(line)
    if chunk:
        yield "\n".join(chunk)
