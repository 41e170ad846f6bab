"""Draws a page of results: heading with the count, notes, up to five entries and the controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.chat.escape import cleaned, cut, inert, isolated, safe_url
from bot.chat.room import ACCENT, Room, Say, facts_line, title_link
from bot.chat.view_keys import NO_KEY, button, cursor_text, menu
from bot.model import Hit, Kind, Note, Page

ENTRIES = 5
EXCERPT_CHARS = 320
HEADING_CHARS = 100
OPTION_CHARS = 100
LABEL_CHARS = 60
NOTES = 3
ASKS = 5


@dataclass(frozen=True, slots=True)
class Results:
    """What a page of results is drawn from. `key` names its row of store.views.

    `first` is the number of the page's first hit; `asks` are the labels of buttons that ask
    something else (a way back, a narrower query), numbered as in the view's detail; `wider` is the
    key of the results that these were narrowed from. `here` is the place of this page as its
    button wrote it, and `lead` a line of ours above it.
    """

    heading: str
    page: Page
    key: str
    first: int = 1
    asks: tuple[str, ...] = ()
    may_subscribe: bool = False
    wider: str = ""
    may_share: bool = False
    here: str = ""
    lead: str = ""


def results(shown: Results, say: Say) -> ui.LayoutView:
    """Return the message for one page of results that has at least one hit."""
    room = Room()
    hits = shown.page.hits[:ENTRIES]
    parts: list[ui.Item[Any]] = [room.text(_head(shown, say))]
    notes = _notes(shown.page.notes, say)
    if notes:
        parts.append(room.text(notes))
    for place, hit in enumerate(hits):
        parts.append(ui.Separator())
        parts.append(_entry(hit, room, len(hits) - place, say))
    parts.append(ui.Separator())
    parts.extend(_controls(shown, hits, say))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=ACCENT))
    return view


def _head(shown: Results, say: Say) -> str:
    heading = inert(shown.heading, 150, 500)
    count = say("chat.count", count=shown.page.total)
    if shown.page.next is not None or shown.page.previous is not None:
        last = shown.first + len(shown.page.hits[:ENTRIES]) - 1
        count = f"{count} · {say('chat.span', first=shown.first, last=last)}"
    lead = f"-# {shown.lead}\n" if shown.lead else ""
    return f"{lead}## {heading}\n-# {count}"


def _notes(notes: tuple[Note, ...], say: Say) -> str:
    return "\n".join(f"-# {note_text(note, say)}" for note in notes[:NOTES])


def note_text(note: Note, say: Say) -> str:
    """Return a note's sentence with its parameters made inert."""
    safe = {k: inert(v, 120, 300) if isinstance(v, str) else v for k, v in note.params.items()}
    return say(note.key, **safe)


def entry_text(hit: Hit, room: Room, say: Say) -> str:
    """Return the text of one entry: linked title, byline, source, date and excerpt."""
    title = title_link(hit.title, hit.url, room, say)
    facts = facts_line(hit.authors, hit.source, hit.feed, hit.published_at, room, say, hit.also)
    if hit.kind is not Kind.ARTICLE:
        facts = f"{say(f'chat.kind_{hit.kind}')} · {facts}"
    lines = [title, f"-# {facts}"]
    heading = cut(inert(hit.heading or "", HEADING_CHARS), room.chars // 6, room.size // 6)
    if len(heading) > 1:
        lines.append(f"-# {say('chat.under', heading=isolated(heading))}")
    left = room.left_after("\n".join(lines))
    excerpt = inert(hit.excerpt, min(EXCERPT_CHARS, left.chars), left.size)
    return "\n".join([*lines, isolated(excerpt)] if len(excerpt) > 1 else lines)


def _entry(hit: Hit, room: Room, parts: int, say: Say) -> ui.Item[Any]:
    share = room.share(parts)
    share.size -= 20
    share.chars -= 4
    text = room.text(entry_text(hit, share, say))
    image = safe_url(hit.image_url)
    if image is None:
        return text
    alt = say("chat.image_of", title=cleaned(hit.title)[:200])
    return ui.Section(text, accessory=ui.Thumbnail(image, description=alt))


def _controls(shown: Results, hits: tuple[Hit, ...], say: Say) -> list[ui.Item[Any]]:
    # A menu of one is a tap too many.
    only = button(say("chat.read"), "read", shown.key, place_text(hits[0]))
    read = read_menu(hits, say, shown.key) if len(hits) > 1 else only
    rows: list[ui.Item[Any]] = [ui.ActionRow(read)]
    moves = _moves(shown, say)
    if moves:
        rows.append(ui.ActionRow(*moves))
    if shown.wider:
        rows.append(ui.ActionRow(button(say("chat.wider"), "first", shown.wider)))
    asks = ask_buttons(shown.asks, shown.key)
    if asks:
        rows.append(ui.ActionRow(*asks))
    return rows


def _moves(shown: Results, say: Say) -> list[ui.Item[Any]]:
    page, made = shown.page, list[ui.Item[Any]]()
    if page.previous is not None or page.next is not None:
        back = cursor_text(page.previous, max(1, shown.first - ENTRIES)) if page.previous else ""
        on = cursor_text(page.next, shown.first + len(page.hits)) if page.next else ""
        made.append(button(say("chat.previous"), "prev", shown.key, back, disabled=not back))
        made.append(button(say("chat.next"), "next", shown.key, on, disabled=not on))
        if shown.key != NO_KEY:
            made.append(button(say("chat.narrow"), "narrow", shown.key))
    if shown.may_share:
        made.append(button(say("chat.share"), "share_page", shown.key, shown.here))
    if shown.may_subscribe:
        style = discord.ButtonStyle.primary
        made.append(button(say("chat.subscribe"), "subscribe", shown.key, style=style))
    return made


def read_menu(hits: tuple[Hit, ...], say: Say, key: str) -> ui.Item[Any]:
    """Return the menu that opens one of these articles."""
    options = [
        discord.SelectOption(
            label=option_text(hit.title, say("chat.untitled")),
            value=place_text(hit),
            description=option_text(hit.source or hit.feed, "") or None,
        )
        for hit in hits[:25]
    ]
    return menu(say("chat.read_placeholder"), options, "read", key)


def place_text(hit: Hit) -> str:
    """Write which article a menu opens, and after a dot the block it opens at."""
    return str(hit.id) if hit.block is None else f"{hit.id}.{hit.block}"


def option_text(text: str, fallback: str, chars: int = OPTION_CHARS) -> str:
    """Return text for an option or a label, which Discord shows as it stands: no markdown."""
    shown = cleaned(text) or fallback
    return shown if len(shown) <= chars else shown[: chars - 1].rstrip() + "…"


def ask_buttons(labels: tuple[str, ...], key: str) -> list[ui.Item[Any]]:
    """Return a row's buttons that ask the queries listed in the view's detail."""
    return [
        button(option_text(label, "…", LABEL_CHARS), "ask", key, str(place))
        for place, label in enumerate(labels[:ASKS])
    ]
