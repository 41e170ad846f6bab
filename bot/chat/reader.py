"""Draws an article to be read: pages that break at sub-headings, with byline, source and tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import MediaGalleryItem, ui

from bot.chat.escape import cleaned, cut, inert, isolated, safe_url
from bot.chat.page import LABEL_CHARS, option_text, read_menu
from bot.chat.room import ACCENT, Room, Say, facts_line, title_link
from bot.chat.sheets import Sheet, pages
from bot.chat.view_keys import NO_KEY, button, menu
from bot.model import Article, Block, BlockType, Hit, Kind

TAG_BUTTONS = 5
COPY_BUTTONS = 5
OPTIONS = 25
LONGEST_URL = 2_048
# What the lines under the last page take at most, and what follows them.
FOOT_CHARS = 1_000
WORDS_A_MINUTE = 220
# Scripts written without spaces are read by characters, about this many a minute.
CHARACTERS_A_MINUTE = 500


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
    if article.withdrawn:
        head += f"\n**{say('chat.withdrawn_article')}**"
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
        parts.append(room.text(_long_link(article, room, say) + foot(article, say)))
    if len(sheets) > 1:
        parts.append(ui.ActionRow(_contents(article, sheets, number, say, beside.list_key)))
    parts.extend(_controls(article, number, len(sheets), say, beside, may_share))
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
    lines = [f"## {title.removeprefix('**').removesuffix('**')}", f"-# {facts}"]
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
        if isinstance(piece, str):
            yield room.text(piece)
        else:
            yield ui.MediaGallery(*(described(image, article, say) for image in piece))


def described(image: MediaGalleryItem, article: Article, say: Say) -> MediaGalleryItem:
    """Return an image with its description; one that the source left without is told as such."""
    if image.description:
        return image
    alt = say("chat.image_undescribed", title=cleaned(article.title)[:200])
    return MediaGalleryItem(image.media.url, description=alt)


def _long_link(article: Article, room: Room, say: Say) -> str:
    """Return a line that leads to a page whose address is too long for a button, if it fits."""
    url = safe_url(article.url, LONGEST_URL)
    if safe_url(article.url) is not None or url is None:
        return ""
    made = f"[{say('chat.open_page')}]({url})\n"
    return made if len(made) <= min(room.chars, room.size) - FOOT_CHARS else ""


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
    article: Article, number: int, count: int, say: Say, beside: Beside, may_share: bool
) -> Iterator[ui.Item[Any]]:
    key = str(article.id)
    moves: list[ui.Item[Any]] = []
    if count > 1:
        back, on = (sheet_text(number + step, beside.list_key) for step in (-1, 1))
        moves = [
            button(say("chat.previous"), "page", key, back, disabled=number <= 1),
            button(say("chat.next"), "page", key, on, disabled=number >= count),
        ]
    if may_share:
        moves.append(button(say("chat.share"), "share", key, style=discord.ButtonStyle.primary))
    moves.append(button(say("chat.save"), "save", key))
    if beside.versions:
        moves.append(button(say("chat.changes"), "changes", key))
    url = safe_url(article.url)
    # A row holds five; the title leads to the page, too.
    if url is not None and len(moves) < 5:
        moves.append(ui.Button(label=say("chat.open_page"), url=url))
    if moves:
        yield ui.ActionRow(*moves)
    if article.tags:
        tags, others = article.tags[:TAG_BUTTONS], article.tags[TAG_BUTTONS:][:OPTIONS]
        yield ui.ActionRow(
            *(button(option_text(t.name, "…", LABEL_CHARS), "tag", str(t.id)) for t in tags)
        )
        if others:
            options = [
                discord.SelectOption(label=option_text(t.name, "…"), value=str(t.id))
                for t in others
            ]
            yield ui.ActionRow(menu(say("chat.other_tags"), options, "tag", NO_KEY))


def _contents(
    article: Article, sheets: Sequence[Sheet], number: int, say: Say, list_key: str
) -> ui.Item[Any]:
    """Return the menu of what is where: the sub-headings, and pages that begin without one."""
    headed = [(page, place) for page, sheet in enumerate(sheets, 1) for place in sheet.headings]
    bare = [(page, -1) for page, sheet in enumerate(sheets, 1) if not sheet.headings]
    if len(headed) + len(bare) > OPTIONS:
        first = {page: (page, place) for page, place in reversed(headed)}
        headed = list(first.values())
    entries = sorted([*headed, *bare])
    step = -(-len(entries) // OPTIONS)
    shown = entries[::step]
    here = max((entry for entry in shown if entry[0] <= number), key=lambda entry: entry[0])
    here = next(entry for entry in shown if entry[0] == here[0])
    options = [
        discord.SelectOption(
            label=_entry_label(article, place, page, len(sheets), say),
            value=f"{page}.{max(place, 0)}",
            description=say("chat.page_of", number=page, count=len(sheets)) if place >= 0 else None,
            default=(page, place) == here,
        )
        for page, place in shown
    ]
    return menu(say("chat.contents"), options, "section", str(article.id), list_key)


def _entry_label(article: Article, place: int, page: int, count: int, say: Say) -> str:
    told = say("chat.page_of", number=page, count=count)
    return option_text(article.blocks[place].text, told) if place >= 0 else told


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
