"""The message menu "Find coverage": what the archive has about a message's text or link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import discord
from discord import app_commands

from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.words import worded
from bot.errors import TagwireError
from bot.query import text
from bot.query.nodes import Query, Word, all_of
from cogs.asking import Interaction, TagwireCog, scope_of

WORDS = 8
LINKS = 5
# Text beyond this says nothing more about what a message is about, and costs time.
LOOKED_AT = 2_000
_LINK = re.compile(r"https?://[^\s<>\[\]\"]+")
# What ends a sentence, or marks up the link, and is no part of an address.
_AFTER = ".,;:!?'*~|…"
_MENTION = re.compile(r"<[@#:a-z!&][^>]*>")


class CoverageCog(TagwireCog):
    """Finds articles for what somebody wrote."""

    def __init__(self, client: TagwireClient) -> None:
        super().__init__(client)
        self._menu = app_commands.ContextMenu(
            name=worded("cogs.coverage_name"),
            callback=self.find_coverage,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )

    async def cog_load(self) -> None:
        """Add the menu, which a cog cannot declare."""
        self.client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the menu away."""
        self.client.tree.remove_command(self._menu.name, type=self._menu.type)

    async def find_coverage(self, interaction: Interaction, message: discord.Message) -> None:
        """Open the article a message links to, else show what is nearest to its words."""
        async with answering(interaction, private=True) as answer:
            told = told_by(message)[:LOOKED_AT]
            scope, key_of = scope_of(interaction), self.client.ports.link_key
            for link in links_in(told)[:LINKS]:
                if key_of is None:
                    break
                found = await self.store.articles.known_as(key_of(link), scope)
                if found is not None:
                    await answer.show(await self.reading(interaction, found, 1))
                    return
            words = telling(_MENTION.sub(" ", _LINK.sub(" ", told)))
            if not words:
                raise TagwireError("cogs.coverage_no_words")
            nodes = [Word(word) for word in words]
            asked = Query(all_of(*nodes) or nodes[0], sort="best")
            heading = say_for(interaction)("cogs.coverage_heading")
            await self.show_query(interaction, answer, asked, heading)


def told_by(message: discord.Message) -> str:
    """Return the text of a message and of one it forwards: content, embeds and components."""
    parts: list[str] = []
    told: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for one in told:
        parts.append(one.content)
        for embed in one.embeds:
            parts += [embed.url or "", embed.title or "", embed.description or ""]
            parts += [f"{field.name} {field.value}" for field in embed.fields]
        parts += _written(one.components)
    return "\n".join(part for part in parts if part)


def _written(components: Iterable[object]) -> Iterator[str]:
    """Yield the texts of components; what stands on buttons and menus is no text of a message."""
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        elif not isinstance(component, discord.ActionRow):
            yield from _written(getattr(component, "children", ()))


def links_in(told: str) -> list[str]:
    """Return the addresses in a text, without the brackets and marks that stand around them."""
    found = []
    for link in _LINK.findall(told):
        while link and (
            link[-1] in _AFTER or (link[-1] == ")" and link.count(")") > link.count("("))
        ):
            link = link[:-1]
        found.append(link)
    return list(dict.fromkeys(found))


def telling(said: str) -> list[str]:
    """Return the longest few words, in the order in which they were said."""
    words = dict.fromkeys(word for word in re.findall(r"\w+", said) if text.index_text(word))
    long = [word for word in words if len(word) > 3 or not word.isascii()] or list(words)
    kept = set(sorted(long, key=len, reverse=True)[:WORDS])
    return [word for word in long if word in kept]


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(CoverageCog(client))
