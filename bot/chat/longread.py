"""Draws an article's whole text for the thread under its post: a message a page."""

from __future__ import annotations

import json
from typing import Any

from discord import MediaGalleryItem, ui

from bot.chat.look import look_of
from bot.chat.reader import Sheet, foot, pages
from bot.chat.room import Room, Say
from bot.model import Parcel, Sequel

# A post with more pages than this is read on in the reader: a thread is no book.
PAGES_MOST = 25
THREAD_NAME_CHARS = 100


def contents(parcel: Parcel, say: Say) -> tuple[str, ...]:
    """Return the pages that follow a post as text to keep, each enough to draw its message.

    Only a post of a single article is followed by its text, and only where its look asks for it.
    """
    if look_of(parcel.look).form != "thread" or len(parcel.articles) != 1:
        return ()
    (article,) = parcel.articles
    sheets = list(pages(article.blocks))
    made: list[list[object]] = [_pieces(sheet) for sheet in sheets[:PAGES_MOST]]
    for number, page in enumerate(made, 1):
        if len(sheets) > 1:
            page.append(f"-# {say('chat.page_of', number=number, count=len(sheets))}")
    if made:
        made[-1].append(foot(article, say))
    return tuple(json.dumps(page, ensure_ascii=False) for page in made)


def page(sequel: Sequel, marker: str) -> ui.LayoutView:
    """Return the message of a page. The id of its first text is the marker."""
    room, view = Room(), ui.LayoutView(timeout=None)
    for piece in json.loads(sequel.content):
        if isinstance(piece, str):
            text: ui.Item[Any] = room.text(piece)
            if not any(isinstance(item, ui.TextDisplay) for item in view.children):
                text.id = int(marker)
            view.add_item(text)
        else:
            items = (MediaGalleryItem(url, description=alt) for url, alt in piece)
            view.add_item(ui.MediaGallery(*items))
    return view


def thread_name(title: str) -> str:
    """Return an article's title as the name of a thread."""
    if len(title) <= THREAD_NAME_CHARS:
        return title
    return title[: THREAD_NAME_CHARS - 1] + "…"


def _pieces(sheet: Sheet) -> list[object]:
    return [
        piece if isinstance(piece, str) else [[item.media.url, item.description] for item in piece]
        for piece in sheet.pieces
    ]
