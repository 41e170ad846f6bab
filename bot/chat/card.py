"""Draws what the courier posts into a channel: one article or several, in the form chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from discord import MediaGalleryItem, ui

from bot.chat.escape import cleaned, cut, inert, isolated, safe_url
from bot.chat.look import Look, look_of
from bot.chat.page import option_text
from bot.chat.room import ACCENT, NAME_CHARS, Room, Say, also_at, byline, moment, title_link
from bot.chat.template import filled, opening
from bot.chat.view_keys import button, menu
from bot.messages import catalogue
from bot.model import Article, Kind, Parcel, TargetKind

EXCERPT_CHARS = 420
ENTRIES = 10
# A list of titles holds more than cards do: as many as a menu has lines.
LINES = 25
# A thumbnail costs two components more of the forty that a message may have.
ENTRIES_WITH_IMAGES = 5
PLAIN_CHARS = 1_990
ROLES = 10
MARKER_CHARS = 60

Marks = Mapping[int, str]
"""Articles that changed since they were posted: a line to show, or "" for one withdrawn."""


def card(parcel: Parcel, say: Say | None = None, marks: Marks | None = None) -> ui.LayoutView:
    """Return the message for a parcel. One of its controls carries the marker in its id.

    Words are English unless `say` brings the server's own.
    """
    say = say or catalogue().say
    look, room = look_of(parcel.look), Room()
    view = ui.LayoutView(timeout=None)
    mentions = _mentions(parcel)
    if mentions:
        view.add_item(room.text(mentions))
    articles = parcel.articles[:LINES]
    # Room for the line "and 12 more", which is written after the entries.
    room.size -= 40
    room.chars -= 20
    if not articles:
        parts: list[ui.Item[Any]] = [room.text(say("chat.taken_down"))]
    elif look.form == "compact" or len(articles) > ENTRIES:
        parts = [room.text(_lines(articles, room, say, marks or {}))]
    else:
        parts = _entries(articles, room, say, look, marks or {})
    room.size += 40
    room.chars += 20
    overflow = parcel.overflow + len(parcel.articles) - len(articles)
    if overflow > 0:
        parts.append(room.text(f"-# {say('chat.and_more', count=overflow)}"))
    parts.extend(_controls(parcel, articles, overflow, say, look))
    view.add_item(ui.Container(*parts, accent_colour=look.accent))
    return view


def _entries(
    articles: tuple[Article, ...], room: Room, say: Say, look: Look, marks: Marks
) -> list[ui.Item[Any]]:
    parts: list[ui.Item[Any]] = []
    for place, article in enumerate(articles):
        if parts:
            parts.append(ui.Separator())
        with_image = len(articles) <= ENTRIES_WITH_IMAGES
        mark = marks.get(article.id)
        parts += _entry(article, room, len(articles) - place, say, look, mark, with_image)
    return parts


def _lines(articles: tuple[Article, ...], room: Room, say: Say, marks: Marks) -> str:
    """Return a line for each article: its title as a link, its source and date."""
    made: list[str] = []
    for place, article in enumerate(articles):
        share = room.share(len(articles) - place)
        share.chars -= 1
        share.size -= 1
        title = _title(article, share, say, marks.get(article.id))
        source = isolated(inert(article.source or article.feed, NAME_CHARS))
        known = (source, also_at(article.also, say), moment(article.published_at, say))
        facts = " · ".join(part for part in known if part)
        lead = "- " if len(articles) > 1 else ""
        line = cut(f"{lead}{title} · {facts}", share.chars, share.size)
        made.append(line)
        room = room.left_after(line)
    return "\n".join(made)


def shared(article: Article, lead: str, say: Say) -> ui.LayoutView:
    """Return one article for a channel, under a line of ours that says who shared it."""
    room = Room()
    parts: list[ui.Item[Any]] = [room.text(f"-# {lead}")]
    parts += _entry(article, room, 1, say, Look(), None, True)
    parts.append(ui.ActionRow(*_buttons(article, "", say)))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=ACCENT))
    return view


def plain(parcel: Parcel, say: Say | None = None, marks: Marks | None = None) -> str:
    """Return the parcel as text alone, for a message whose card Discord refused."""
    say, marks = say or catalogue().say, marks or {}
    foot = f"-# {parcel.marker[:MARKER_CHARS]}"
    lines, left = list[str](), PLAIN_CHARS - len(foot)
    mentions = _mentions(parcel)
    if mentions:
        lines.append(mentions)
    if not parcel.articles:
        lines.append(say("chat.taken_down"))
    more = parcel.overflow
    for place, article in enumerate(parcel.articles):
        line = _plain_line(article, say, marks.get(article.id))
        if sum(len(kept) + 1 for kept in lines) + len(line) > left - 80:
            more += len(parcel.articles) - place
            break
        lines.append(line)
    if more > 0:
        lines.append(say("chat.and_more", count=more))
    return "\n".join([*lines, foot])


def _plain_line(article: Article, say: Say, mark: str | None) -> str:
    url = safe_url(article.url)
    title = inert(article.title, 200) or say("chat.untitled")
    if mark == "":
        return f"~~{title}~~ · {say('chat.withdrawn')}"
    others = also_at(article.also, say)
    title = f"{title} · {others}" if others else title
    line = f"{title}\n<{url}>" if url else title
    return f"{line}\n-# {mark}" if mark else line


def _mentions(parcel: Parcel) -> str:
    return " ".join(f"<@&{role_id}>" for role_id in parcel.mention_role_ids[:ROLES])


def _entry(
    article: Article,
    room: Room,
    parts: int,
    say: Say,
    look: Look,
    mark: str | None,
    with_image: bool,
) -> list[ui.Item[Any]]:
    share = room.share(parts)
    text = room.text(_entry_text(article, share, say, look, mark))
    image = safe_url(article.image_url) if "image" in look.parts and mark != "" else None
    if image is None or not with_image:
        return [text]
    alt = say("chat.image_of", title=cleaned(article.title)[:200])
    if look.form == "image":
        return [ui.MediaGallery(MediaGalleryItem(image, description=alt)), text]
    return [ui.Section(text, accessory=ui.Thumbnail(image, description=alt))]


def _title(article: Article, room: Room, say: Say, mark: str | None) -> str:
    if mark != "":
        return title_link(article.title, article.url, room, say)
    struck = title_link(article.title, None, room, say)
    return f"~~{struck}~~ · {say('chat.withdrawn')}"


def _entry_text(article: Article, room: Room, say: Say, look: Look, mark: str | None) -> str:
    if mark == "":
        return _title(article, room, say, mark)
    foot = f"\n-# {mark}" if mark else ""
    room = room.left_after(foot)
    if look.template:
        made = filled(look.template, article, room, say) or say("chat.untitled")
        return cut(made, room.chars, room.size) + foot
    lines = [_title(article, room, say, mark)]
    facts = _facts(article, room, say, look)
    if facts:
        lines.append(f"-# {facts}")
    if "tags" in look.parts and article.tags:
        named = ", ".join(tag.name for tag in article.tags)
        lines.append(f"-# {isolated(inert(named, min(200, room.chars // 6), room.size // 6))}")
    if "excerpt" in look.parts:
        left = room.left_after("\n".join(lines))
        text = inert(opening(article), min(EXCERPT_CHARS, left.chars), left.size)
        lines += [isolated(text)] if len(text) > 1 else []
    return "\n".join(lines) + foot


def _facts(article: Article, room: Room, say: Say, look: Look) -> str:
    shown: list[str] = []
    if article.kind is not Kind.ARTICLE:
        shown.append(say(f"chat.kind_{article.kind}"))
    if "authors" in look.parts:
        names = byline(article.authors, say)
        shown.append(cut(names, min(320, room.chars // 4), room.size // 4))
    if "source" in look.parts:
        shown.append(isolated(inert(article.source or article.feed, NAME_CHARS)))
        shown.append(cut(also_at(article.also, say), room.chars // 4, room.size // 4))
    if "date" in look.parts:
        shown.append(moment(article.published_at, say))
    return " · ".join(part for part in shown if part)


def _controls(
    parcel: Parcel, articles: tuple[Article, ...], overflow: int, say: Say, look: Look
) -> list[ui.Item[Any]]:
    marker = parcel.marker[:MARKER_CHARS]
    rows: list[ui.Item[Any]] = []
    buttons: list[ui.Item[Any]] = []
    if len(articles) == 1:
        made = _buttons(articles[0], marker, say)
        # Without its first button a message could not be found again by its marker.
        buttons.extend(made if "buttons" in look.parts else made[:1])
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
        label = say("chat.show_more", count=overflow) if overflow else say("chat.show_all")
        buttons.append(button(label, "more", str(parcel.post_id), marker))
    if look.join_role_id is not None:
        buttons.append(button(say("chat.join"), "join", str(look.join_role_id), marker))
    if parcel.target.kind is TargetKind.DIRECT:
        buttons.append(button(say("chat.stop_following"), "unfollow", str(parcel.post_id), marker))
    if buttons:
        rows.append(ui.ActionRow(*buttons))
    return rows


def _buttons(article: Article, marker: str, say: Say) -> list[ui.Item[Any]]:
    made: list[ui.Item[Any]] = [button(say("chat.read"), "open", str(article.id), marker)]
    url = safe_url(article.url)
    if url is not None:
        made.append(ui.Button(label=say("chat.open_page"), url=url))
    return made
