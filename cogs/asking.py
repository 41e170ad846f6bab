"""What the members' commands share: ask a query and show its page, a menu or the nearest names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import discord
from discord.ext import commands

from bot.chat import render
from bot.chat.answer import Answer
from bot.chat.client import TagwireClient, say_for
from bot.chat.page import ENTRIES
from bot.chat.permissions import is_moderator
from bot.chat.view_keys import NO_KEY
from bot.errors import NotFoundError
from bot.model import Name, Note, Page, Scope, Tag, View
from bot.query.nodes import Named, Query

if TYPE_CHECKING:
    from bot.store import Store

Interaction = discord.Interaction[TagwireClient]
What = Literal["tag", "author", "source"]
WHATS: tuple[What, ...] = ("tag", "author", "source")
SUGGESTIONS = 5


@dataclass(frozen=True, slots=True)
class Ask:
    """Something a button can ask: a canonical query, its heading and the button's label."""

    query: str
    heading: str
    label: str


class TagwireCog(commands.Cog):
    """A cog with the store, the clock and the asker's scope at hand."""

    def __init__(self, client: TagwireClient) -> None:
        self.client = client

    @property
    def store(self) -> Store:
        """The store, typed."""
        store: Store = self.client.ports.store
        return store

    async def view(self, interaction: Interaction, key: str) -> View:
        """Return what a control shows. Raises NotFoundError when lost or another server's."""
        view = await self.store.views.get(key, self.client.ports.now())
        if view is None or view.scope.guild_id not in (None, interaction.guild_id):
            raise NotFoundError("chat.control_lost")
        return view

    async def keep(
        self,
        interaction: Interaction,
        kind: str,
        query: str = "",
        *,
        until: int | None = None,
        **detail: object,
    ) -> str:
        """Keep what a message shows for its controls and return the key they carry."""
        now = self.client.ports.now()
        return await self.store.views.put(
            kind, query, scope_of(interaction), interaction.user.id, now, until, detail
        )

    async def show_query(
        self,
        interaction: Interaction,
        answer: Answer,
        query: Query,
        heading: str,
        notes: tuple[Note, ...] = (),
    ) -> None:
        """Answer with the first page of a query, or with what comes nearest."""
        page = await self.store.articles.find(
            query, scope_of(interaction), now=self.client.ports.now(), limit=ENTRIES
        )
        page = replace(page, notes=(*notes, *page.notes))
        if not page.hits:
            await self.show_miss(interaction, answer, query_words(query), page)
            return
        await answer.show(await self.drawn(interaction, query, heading, page))

    async def drawn(
        self, interaction: Interaction, query: Query, heading: str, page: Page
    ) -> discord.ui.LayoutView:
        """Return the first page of a query, kept for its controls."""
        say = say_for(interaction)
        asks = [
            Ask(note.query, say("cogs.heading_search", query=note.query), note.query)
            for note in page.notes
            if note.query is not None
        ]
        may_subscribe = is_moderator(interaction)
        key = NO_KEY
        if page.next is not None or asks or may_subscribe:
            key = await self.keep(
                interaction,
                "results",
                str(query),
                until=page.until,
                heading=heading,
                asks=asks_json(asks),
            )
        labels = tuple(say("cogs.ask_instead", query=ask.label) for ask in asks)
        shown = render.Results(heading, page, key, 1, labels, may_subscribe)
        return render.results(shown, say)

    async def show_miss(
        self,
        interaction: Interaction,
        answer: Answer,
        typed: str,
        page: Page | None = None,
        whats: Sequence[What] = WHATS,
    ) -> None:
        """Say that nothing was found and offer the nearest names as buttons."""
        say = say_for(interaction)
        asks = await self.nearest(interaction, typed, whats)
        key = await self.keep(interaction, "miss", asks=asks_json(asks)) if asks else NO_KEY
        sentence = say("cogs.nothing", typed=render.query_text(typed, say))
        for note in page.notes if page else ():
            sentence += f"\n-# {render.note_text(note, say)}"
        labels = tuple(ask.label for ask in asks)
        await answer.show(render.miss(sentence, labels, key, say), private=True)

    async def nearest(
        self, interaction: Interaction, typed: str, whats: Sequence[What]
    ) -> list[Ask]:
        """Return the names nearest to what was typed, the first kinds first, each once."""
        say, scope = say_for(interaction), scope_of(interaction)
        asks: list[Ask] = []
        if not typed.strip():
            return asks
        for what in whats:
            for name in await self.store.names.suggest(what, typed, scope, limit=SUGGESTIONS):
                label = say(f"cogs.offer_{what}", name=name.name, count=name.count)
                ask = Ask(str(query_of(what, name.name)), heading_of(what, name.name, say), label)
                if all(ask.query != kept.query for kept in asks):
                    asks.append(ask)
        return asks[:SUGGESTIONS]

    async def named(
        self, interaction: Interaction, what: What, typed: str
    ) -> tuple[Name | Tag, ...]:
        """Return what an option names: a choice's id ("tag:17") or a name as typed."""
        scope, names = scope_of(interaction), self.store.names
        if is_choice(what, typed):
            return (await names.by_id(what, int(typed.strip().partition(":")[2]), scope),)
        if what == "tag":
            return await names.tag(typed, scope)
        if what == "author":
            return await names.author(typed, scope)
        return await names.source(typed, scope)

    async def show_named(
        self, interaction: Interaction, answer: Answer, what: What, typed: str
    ) -> None:
        """Answer with the archive of a tag, author or source; several hits become a menu."""
        say = say_for(interaction)
        found = await self.named(interaction, what, typed)
        if not found:
            await self.show_miss(interaction, answer, typed, whats=(what, *_others(what)))
            return
        if len(found) > 1:
            await self.show_menu(interaction, answer, what, found)
            return
        name = found[0].name
        await self.show_query(
            interaction, answer, query_of(what, name), heading_of(what, name, say)
        )

    async def show_menu(
        self, interaction: Interaction, answer: Answer, what: What, found: Sequence[Name | Tag]
    ) -> None:
        """Ask which of several names is meant."""
        say = say_for(interaction)
        asks = [
            Ask(str(query_of(what, n.name)), heading_of(what, n.name, say), n.name) for n in found
        ]
        key = await self.keep(interaction, "menu", asks=asks_json(asks[:25]))
        offered = [
            render.Choice(name.name, str(place), say("chat.count", count=name.count))
            for place, name in enumerate(found[:25])
        ]
        placeholder = say("cogs.choose_placeholder")
        view = render.choices(say("cogs.several"), offered, "choose", key, placeholder)
        await answer.show(view, private=True)

    async def suggestions(
        self, interaction: Interaction, what: What, typed: str
    ) -> list[discord.app_commands.Choice[str]]:
        """Return the choices of an option while it is typed, with counts."""
        names: Sequence[Name | Tag]
        if is_choice(what, typed):
            names = await self.named(interaction, what, typed)
        else:
            names = await self.store.names.suggest(what, typed, scope_of(interaction), limit=25)
        return [choice(f"{n.name} ({n.count})", f"{what}:{n.id}") for n in names[:25]]


def _others(what: What) -> tuple[What, ...]:
    return tuple(other for other in WHATS if other != what)


def scope_of(interaction: Interaction) -> Scope:
    """Return whose archive the asker reads: the server's own beside the public one."""
    return Scope(interaction.guild_id)


def is_choice(what: str, typed: str) -> bool:
    """Whether an option holds the id of a choice, such as "tag:17", rather than typed text."""
    return re.fullmatch(rf"{what}:\d{{1,18}}", typed.strip()) is not None


def query_of(what: What, name: str) -> Query:
    """Return the query that a name's archive is, newest first."""
    return Query(Named(what, (name,)), "new")


def heading_of(what: What, name: str, say: Any) -> str:
    """Return the heading of a name's archive."""
    heading: str = say(f"cogs.heading_{what}", name=name)
    return heading


def query_words(query: Query) -> str:
    """Return a query's text without its order, as something to look names up with."""
    return str(replace(query, sort=None))


def asks_json(asks: Sequence[Ask]) -> list[dict[str, str]]:
    """Return what buttons ask in the shape a view's detail keeps."""
    return [{"query": a.query, "heading": a.heading, "label": a.label} for a in asks]


def ask_of(detail: Mapping[str, object], place: str) -> Ask:
    """Return what the numbered button or line of a view asks. Raises NotFoundError."""
    asks = detail.get("asks")
    if isinstance(asks, list) and place.isascii() and place.isdigit() and int(place) < len(asks):
        ask: dict[str, str] = asks[int(place)]
        return Ask(ask["query"], ask["heading"], ask["label"])
    raise NotFoundError("chat.control_lost")


def choice(name: str, value: str) -> discord.app_commands.Choice[str]:
    """Return an autocomplete choice within Discord's 100 characters."""
    name = " ".join(name.split()) or "…"
    shown = name if len(name) <= 100 else name[:99] + "…"
    return discord.app_commands.Choice(name=shown, value=value)
