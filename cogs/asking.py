"""What the members' commands share: ask a query and show its page, a menu or the nearest names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.chat import render
from bot.chat.answer import Answer
from bot.chat.client import TagwireClient, say_for
from bot.chat.page import ENTRIES
from bot.chat.permissions import is_moderator, require_moderator
from bot.chat.view_keys import NO_KEY
from bot.errors import NotFoundError, TagwireError
from bot.model import Article, Name, Note, Page, Scope, Tag, View
from bot.query.nodes import Query
from bot.store.records import By
from cogs.nearest import (
    Ask,
    Probe,
    What,
    heading_of,
    looks_for_words,
    offers,
    probe_of,
    probes_of,
    query_of,
)

if TYPE_CHECKING:
    from bot.store import Store

Interaction = discord.Interaction[TagwireClient]


class TagwireCog(commands.Cog):
    """A cog with the store, the clock and the asker's scope at hand."""

    def __init__(self, client: TagwireClient) -> None:
        self.client = client

    @property
    def store(self) -> Store:
        """The store, typed."""
        store: Store = self.client.ports.store
        return store

    def by(self, interaction: Interaction) -> By:
        """Return who changes something, and when. Raises TagwireError for who may not."""
        return By(require_moderator(interaction), interaction.user.id, self.client.ports.now())

    async def view(self, interaction: Interaction, key: str) -> View:
        """Return what a control shows. Raises NotFoundError when lost or another server's."""
        view = await self.store.views.get(key, self.client.ports.now())
        if view is None or view.scope.guild_id not in (None, scope_of(interaction).guild_id):
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
        *,
        wider: str = "",
        in_place: bool = False,
        directly: bool = False,
    ) -> None:
        """Answer with the first page of a query, or with what comes nearest.

        `wider` is the key of the results that it narrows; `in_place` changes the pressed message.
        With `directly` the only article that has the words is opened, with a way to the list.
        """
        page = await self.store.articles.find(
            query, scope_of(interaction), now=self.client.ports.now(), limit=ENTRIES
        )
        page = replace(page, notes=(*notes, *page.notes))
        if not page.hits:
            asks = await self.offered(interaction, probes_of(query))
            await self.show_miss(interaction, answer, query_words(query), asks, page.notes)
            return
        alone = is_alone(interaction) if in_place else answer.private
        if directly and is_sure(query, page):
            await answer.show(await self._only(interaction, query, heading, page, alone))
            return
        drawn = await self.drawn(interaction, query, heading, page, wider, alone=alone)
        await (answer.edit(drawn) if in_place else answer.show(drawn))

    async def _only(
        self, interaction: Interaction, query: Query, heading: str, page: Page, alone: bool
    ) -> discord.ui.LayoutView:
        hit, scope = page.hits[0], scope_of(interaction)
        key = await self.keep(interaction, "results", str(query), until=page.until, heading=heading)
        article = await self.store.articles.get(hit.id, scope)
        # An answer to a search is as quick as its list would be.
        return await self.reading(
            interaction, article, 1, hit.block, list_key=key, may_share=alone, relate=False
        )

    async def drawn(
        self,
        interaction: Interaction,
        query: Query,
        heading: str,
        page: Page,
        wider: str = "",
        *,
        alone: bool = False,
    ) -> discord.ui.LayoutView:
        """Return the first page of a query, kept for its controls; `alone`: only the asker sees."""
        say = say_for(interaction)
        asks = [
            Ask(note.query, say("cogs.heading_search", query=note.query), note.query)
            for note in page.notes
            if note.query is not None
        ]
        may_subscribe, may_share = is_moderator(interaction), may_be_shared(interaction, alone)
        key = NO_KEY
        if page.next is not None or asks or may_subscribe or may_share:
            key = await self.keep(
                interaction,
                "results",
                str(query),
                until=page.until,
                heading=heading,
                asks=asks_json(asks),
                wider=wider,
            )
        labels = tuple(say("cogs.ask_instead", query=ask.label) for ask in asks)
        shown = render.Results(heading, page, key, 1, labels, may_subscribe, wider, may_share)
        return render.results(shown, say)

    async def reading(
        self,
        interaction: Interaction,
        article: Article,
        number: int,
        block: int | None = None,
        *,
        list_key: str = "",
        may_share: bool = True,
        relate: bool = True,
    ) -> discord.ui.LayoutView:
        """Return a page of an article to read, or the page that a block stands on.

        `list_key` names the results of which it is the only article; `relate` looks for related
        ones, which takes much longer than the rest.
        """
        scope = scope_of(interaction)
        versions: tuple[Article, ...] = ()
        if article.revision > 1:
            versions = await self.store.articles.versions(article.id, scope)
        related = await self.store.related.to(article.id, scope) if relate else ()
        beside = render.Beside(related, versions, list_key)
        page = number if block is None else render.page_of(article.blocks, block)
        say = say_for(interaction)
        return render.reader(article, page, say, may_share=may_share, beside=beside)

    async def offered(self, interaction: Interaction, probes: Sequence[Probe]) -> tuple[Ask, ...]:
        """Return what to ask instead of what was not found: near names, then the full text."""
        scope, now = scope_of(interaction), self.client.ports.now()
        return await offers(self.store, scope, probes, now, say_for(interaction))

    async def show_miss(
        self,
        interaction: Interaction,
        answer: Answer,
        typed: str,
        asks: Sequence[Ask],
        notes: Sequence[Note] = (),
    ) -> None:
        """Say that nothing was found and offer what comes nearest as buttons."""
        say = say_for(interaction)
        key = await self.keep(interaction, "miss", asks=asks_json(asks)) if asks else NO_KEY
        sentence = say("cogs.nothing", typed=render.query_text(typed, say))
        if not asks:
            sentence += "\n-# " + say("cogs.nothing_near")
        for note in notes:
            sentence += f"\n-# {render.note_text(note, say)}"
        labels = tuple(ask.label for ask in asks)
        await answer.show(render.miss(sentence, labels, key, say), private=True)

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
            asks = await self.offered(interaction, [probe_of(what, typed)])
            await self.show_miss(interaction, answer, typed, asks)
            return
        if len(found) > 1:
            await self.show_menu(interaction, answer, what, found)
            return
        name = found[0].name
        await self.show_query(
            interaction, answer, query_of(what, name), heading_of(what, name, say)
        )
        await self.note_use(interaction, what, name)

    async def note_use(self, interaction: Interaction, what: What, name: str) -> None:
        """Let a name that the asker asked for be suggested to them first."""
        now = self.client.ports.now()
        await self.store.members.used(interaction.user.id, what, name, now)

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
            names = await self.store.names.suggest(
                what, typed, scope_of(interaction), user_id=interaction.user.id
            )
        return [choice(f"{n.name} ({n.count})", f"{what}:{n.id}") for n in names[:25]]


def scope_of(interaction: Interaction) -> Scope:
    """Return whose archive the asker reads: the server's own beside the public one.

    Where the bot was brought by the member alone, as to a server that has thrown it out, it reads
    the public one.
    """
    return Scope(interaction.guild_id if interaction.is_guild_integration() else None)


def is_sure(query: Query, page: Page) -> bool:
    """Whether a page is one article that has all the words as they were typed.

    The archive of a name is a list, even of one; of a story's copies one is to be chosen.
    """
    if len(page.hits) != 1 or page.total != 1 or page.hits[0].also:
        return False
    return not page.notes and looks_for_words(query)


def is_alone(interaction: Interaction) -> bool:
    """Whether the pressed message is seen by one member alone."""
    return interaction.message is not None and interaction.message.flags.ephemeral


def may_be_shared(interaction: Interaction, alone: bool) -> bool:
    """Whether what one member sees alone has a channel that it can be shown to."""
    return alone and interaction.guild_id is not None


def may_write(interaction: Interaction) -> bool:
    """Whether the member may write where the control was pressed."""
    granted = interaction.permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    return granted.send_messages_in_threads if in_thread else granted.send_messages


def sharing(interaction: Interaction) -> str:
    """Return the line that says who shares. Raises TagwireError for who may not write there."""
    if interaction.guild_id is not None and not may_write(interaction):
        raise TagwireError("cogs.may_not_share")
    return say_for(interaction)("cogs.shared_by", member=interaction.user.mention)


def is_private(interaction: Interaction, chosen: bool | None) -> bool:
    """Whether only the asker sees an answer: as the option says, else as the server chose."""
    if chosen is not None:
        return chosen
    return (interaction.guild_id or 0) in interaction.client.private_guilds


def is_choice(what: str, typed: str) -> bool:
    """Whether an option holds the id of a choice, such as "tag:17", rather than typed text."""
    return re.fullmatch(rf"{what}:\d{{1,18}}", typed.strip()) is not None


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
