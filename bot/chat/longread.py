"""Draws an article's whole text for the thread under its post: a message a page."""

from __future__ import annotations

import json
from typing import Any

from discord import MediaGalleryItem, ui

from bot.chat.escape import cleaned
from bot.chat.look import look_of
from bot.chat.page import option_text
from bot.chat.reader import described, foot
from bot.chat.room import Room, Say
from bot.chat.sheets import Sheet, pages
from bot.model import Article, Parcel, Sequel

EMPTY = '["-# …"]'
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
    made: list[list[object]] = [_pieces(sheet, article, say) for sheet in sheets[:PAGES_MOST]]
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


def thread_name(parcel: Parcel, say: Say) -> str:
    """Return the name of a post's thread: the article's title; a digest's query, size and day."""
    if len(parcel.articles) == 1:
        name = cleaned(parcel.articles[0].title) or say("chat.untitled")
        return option_text(name, "", THREAD_NAME_CHARS)
    count = len(parcel.articles) + parcel.overflow
    facts = say("chat.digest_facts", count=count, day=parcel.created_at.date().isoformat())
    query = cleaned(parcel.query) or say("chat.everything")
    return f"{option_text(query, '', THREAD_NAME_CHARS - len(facts) - 3)} · {facts}"


def _pieces(sheet: Sheet, article: Article, say: Say) -> list[object]:
    made: list[object] = []
    for piece in sheet.pieces:
        if not isinstance(piece, str):
            shown = [described(image, article, say) for image in piece]
            made.append([[image.media.url, image.description] for image in shown])
        else:
            made.append(piece)
    return made
