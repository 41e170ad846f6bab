"""Draws what the courier posts into a channel: a card for one article or for several."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.chat.escape import cleaned, inert, isolated, safe_url
from bot.chat.page import option_text
from bot.chat.room import ACCENT, Room, Say, facts_line, title_link
from bot.chat.view_keys import button, menu
from bot.messages import catalogue
from bot.model import Article, BlockType, Kind, Parcel

EXCERPT_CHARS = 420
ENTRIES = 10
# A thumbnail costs two components more of the forty that a message may have.
ENTRIES_WITH_IMAGES = 5
PLAIN_CHARS = 1_990
ROLES = 10
MARKER_CHARS = 60


def card(parcel: Parcel, say: Say | None = None) -> ui.LayoutView:
    """Return the message for a parcel. One of its controls carries the marker in its id.

    Words are English unless `say` brings the server's own.
    """
    say = say or catalogue().say
    room = Room()
    view = ui.LayoutView(timeout=None)
    mentions = _mentions(parcel)
    if mentions:
        view.add_item(room.text(mentions))
    articles = parcel.articles[:ENTRIES]
    parts: list[ui.Item[Any]] = []
    for place, article in enumerate(articles):
        if parts:
            parts.append(ui.Separator())
        with_image = len(articles) <= ENTRIES_WITH_IMAGES
        parts.append(_entry(article, room, len(articles) - place, say, with_image=with_image))
    overflow = parcel.overflow + len(parcel.articles) - len(articles)
    if overflow > 0:
        parts.append(room.text(f"-# {say('chat.and_more', count=overflow)}"))
    parts.extend(_controls(parcel, articles, overflow, say))
    view.add_item(ui.Container(*parts, accent_colour=_accent(parcel)))
    return view


def shared(article: Article, lead: str, say: Say) -> ui.LayoutView:
    """Return one article for a channel, under a line of ours that says who shared it."""
    room = Room()
    parts: list[ui.Item[Any]] = [room.text(f"-# {lead}"), _entry(article, room, 1, say)]
    parts.append(ui.ActionRow(*_buttons(article, "", say)))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=ACCENT))
    return view


def plain(parcel: Parcel, say: Say | None = None) -> str:
    """Return the parcel as text alone, for a message whose card Discord refused."""
    say = say or catalogue().say
    foot = f"-# {parcel.marker[:MARKER_CHARS]}"
    lines, left = list[str](), PLAIN_CHARS - len(foot)
    mentions = _mentions(parcel)
    if mentions:
        lines.append(mentions)
    more = parcel.overflow
    for place, article in enumerate(parcel.articles):
        line = _plain_line(article, say)
        if sum(len(kept) + 1 for kept in lines) + len(line) > left - 80:
            more += len(parcel.articles) - place
            break
        lines.append(line)
    if more > 0:
        lines.append(say("chat.and_more", count=more))
    return "\n".join([*lines, foot])


def _plain_line(article: Article, say: Say) -> str:
    url = safe_url(article.url)
    title = inert(article.title, 200) or say("chat.untitled")
    return f"{title}\n<{url}>" if url else title


def _mentions(parcel: Parcel) -> str:
    return " ".join(f"<@&{role_id}>" for role_id in parcel.mention_role_ids[:ROLES])


def _accent(parcel: Parcel) -> int:
    colour = parcel.look.get("accent")
    return colour if isinstance(colour, int) and 0 <= colour <= 0xFFFFFF else ACCENT


def _entry(
    article: Article, room: Room, parts: int, say: Say, *, with_image: bool = True
) -> ui.Item[Any]:
    share = room.share(parts)
    # Room for the line "and 12 more", which is written after the entries.
    share.size -= 40
    share.chars -= 20
    text = room.text(_entry_text(article, share, say))
    image = safe_url(article.image_url)
    if image is None or not with_image:
        return text
    alt = say("chat.image_of", title=cleaned(article.title)[:200])
    return ui.Section(text, accessory=ui.Thumbnail(image, description=alt))


def _entry_text(article: Article, room: Room, say: Say) -> str:
    title = title_link(article.title, article.url, room, say)
    facts = facts_line(
        article.authors, article.source, article.feed, article.published_at, room, say
    )
    if article.kind is not Kind.ARTICLE:
        facts = f"{say(f'chat.kind_{article.kind}')} · {facts}"
    lines = [title, f"-# {facts}"]
    left = room.left_after("\n".join(lines))
    text = inert(opening(article), min(EXCERPT_CHARS, left.chars), left.size)
    return "\n".join([*lines, isolated(text)] if len(text) > 1 else lines)


def opening(article: Article) -> str:
    """Return the article's first paragraph, or the first text it has."""
    first = next((b.text for b in article.blocks if b.type is BlockType.PARAGRAPH), None)
    if first is not None:
        return first
    readable = (b.text for b in article.blocks if b.type is not BlockType.IMAGE)
    return next(readable, "")


def _controls(
    parcel: Parcel, articles: tuple[Article, ...], overflow: int, say: Say
) -> list[ui.Item[Any]]:
    marker = parcel.marker[:MARKER_CHARS]
    rows: list[ui.Item[Any]] = []
    buttons: list[ui.Item[Any]] = []
    if len(articles) == 1:
        buttons.extend(_buttons(articles[0], marker, say))
    elif articles:
        options = [
            discord.SelectOption(
                label=option_text(a.title, say("chat.untitled")),
                value=str(a.id),
                description=option_text(a.source or a.feed, "") or None,
            )
            for a in articles
        ]
        rows.append(ui.ActionRow(menu(say("chat.read_placeholder"), options, "read", "-", marker)))
    if overflow > 0 or not articles:
        label = say("chat.show_more", count=overflow)
        buttons.append(button(label, "more", str(parcel.post_id), marker))
    if buttons:
        rows.append(ui.ActionRow(*buttons))
    return rows


def _buttons(article: Article, marker: str, say: Say) -> list[ui.Item[Any]]:
    made: list[ui.Item[Any]] = [button(say("chat.read"), "open", str(article.id), marker)]
    url = safe_url(article.url)
    if url is not None:
        made.append(ui.Button(label=say("chat.open_page"), url=url))
    return made
