"""The button Narrow: what would narrow a page of results most, as menus, and a way back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import discord

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.view_keys import Press, button, control
from bot.errors import NotFoundError
from bot.model import View
from bot.query import language
from bot.query.nodes import Dated, Named, Node, Query
from cogs.asking import Interaction, TagwireCog, query_words, scope_of

if TYPE_CHECKING:
    from bot.store.facets import Facet, Facets

KINDS = ("tag", "source", "author", "year")


class NarrowCog(TagwireCog):
    """Counts only when it is asked to: a page of results comes first."""

    @control("narrow")
    async def narrow(self, interaction: Interaction, press: Press) -> None:
        """Put the menus in the place of the asker's results; whoever else gets their own."""
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            query = await self._read(interaction, view)
            found = await self.store.articles.facets(
                query, scope_of(interaction), now=view.asked_at, until=view.until
            )
            if not found.choices:
                say = say_for(interaction)
                sentence = say("cogs.narrow_none", query=shown(query, interaction))
                await answer.show(render.notice(sentence), private=True)
                return
            drawn = await self._menus(interaction, view, query, found)
            is_askers = view.user_id == interaction.user.id
            await (answer.edit(drawn) if is_askers else answer.show(drawn, private=True))

    @control("narrowed")
    async def narrowed(self, interaction: Interaction, press: Press) -> None:
        """Show what is left by the choice, in the place of the menus, with a way back."""
        async with answering(interaction, private=True) as answer:
            view = await self.view(interaction, press.key)
            chosen = choice_of(view, press.values[0] if press.values else "")
            query = language.narrow(language.parse(view.query), *chosen)
            say = say_for(interaction)
            heading = say("cogs.heading_search", query=query_words(query))
            wider = str(view.detail.get("wider") or "")
            is_askers = view.user_id == interaction.user.id
            await self.show_query(
                interaction, answer, query, heading, wider=wider, in_place=is_askers
            )

    async def _read(self, interaction: Interaction, view: View) -> Query:
        """Return the query whose articles a view shows: a repaired one is not what was typed."""
        query = language.parse(view.query)
        page = await self.store.articles.find(
            query, scope_of(interaction), now=view.asked_at, limit=1, until=view.until
        )
        return query if page.read is None else language.parse(page.read)

    async def _menus(
        self, interaction: Interaction, view: View, query: Query, found: Facets
    ) -> discord.ui.LayoutView:
        say, choices = say_for(interaction), found.choices
        texts = [str(Query(node_of(choice))) for choice in choices]
        key = await self.keep(
            interaction, "narrow", str(query), until=view.until, choices=texts, wider=view.key
        )
        sentence = say("cogs.narrow_ask", query=shown(query, interaction))
        if found.looked_at < found.total:
            top = say("cogs.narrow_top", count=found.looked_at, total=found.total)
            sentence += f"\n-# {top}"
        menus = [
            render.Menu(
                say(f"cogs.narrow_{kind}"),
                kind,
                [
                    render.Choice(choice.name, str(place), say("chat.count", count=choice.count))
                    for place, choice in enumerate(choices)
                    if choice.what == kind
                ],
            )
            for kind in KINDS
        ]
        back = button(say("chat.back"), "first", view.key)
        return render.menus(sentence, menus, "narrowed", key, [back])


def node_of(choice: Facet) -> Node:
    """Return the filter that a choice stands for."""
    if choice.what == "year":
        return Dated("on", choice.name)
    return Named(choice.what, (choice.name,))


def choice_of(view: View, place: str) -> Iterable[Node]:
    """Return the filter that a menu's line stands for. Raises NotFoundError."""
    choices = view.detail.get("choices")
    if not isinstance(choices, list) or not place.isascii() or not place.isdigit():
        raise NotFoundError("chat.control_lost")
    if int(place) >= len(choices):
        raise NotFoundError("chat.control_lost")
    root = language.parse(str(choices[int(place)])).root
    return () if root is None else (root,)


def shown(query: Query, interaction: Interaction) -> str:
    """Return a query for a sentence, without its order."""
    return render.query_text(query_words(query), say_for(interaction))


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(NarrowCog(client))
