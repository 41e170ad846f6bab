"""/search, /latest, /article, /author and /source: every way a member asks the archive."""

from __future__ import annotations

import re
from dataclasses import replace

from discord import app_commands

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.page import ENTRIES
from bot.chat.view_keys import NO_KEY
from bot.chat.words import worded
from bot.errors import TagwireError
from bot.model import Article
from bot.query import language
from bot.query.nodes import Dated, DateField, Named, Node, Query, Sort
from bot.query.text import fold
from cogs.asking import (
    Interaction,
    TagwireCog,
    asks_json,
    choice,
    is_choice,
    is_private,
    scope_of,
)
from cogs.nearest import PROBE_CHARS, Ask, Probe, What

QUERY_CHARS = 6000
Typed = app_commands.Range[str, 1, 200]


class SearchCog(TagwireCog):
    """The commands that ask a query."""

    @app_commands.command(name="search", description=worded("cogs.search_description"))
    @app_commands.describe(
        private=worded("cogs.private_option"),
        query=worded("cogs.search_query"),
        tag=worded("cogs.search_tag"),
        source=worded("cogs.search_source"),
        author=worded("cogs.search_author"),
        after=worded("cogs.search_after"),
        before=worded("cogs.search_before"),
        sort=worded("cogs.search_sort"),
    )
    @app_commands.choices(
        sort=[
            app_commands.Choice(name=worded("cogs.sort_best"), value="best"),
            app_commands.Choice(name=worded("cogs.sort_new"), value="new"),
            app_commands.Choice(name=worded("cogs.sort_old"), value="old"),
        ]
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def search(
        self,
        interaction: Interaction,
        query: app_commands.Range[str, 1, QUERY_CHARS],
        tag: Typed | None = None,
        source: Typed | None = None,
        author: Typed | None = None,
        after: Typed | None = None,
        before: Typed | None = None,
        sort: str | None = None,
        private: bool | None = None,
    ) -> None:
        """Search for words and filters; the options hold beside what the query says."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            nodes = await self._filters(interaction, tag=tag, source=source, author=author)
            nodes += [date_of("after", after)] if after else []
            nodes += [date_of("before", before)] if before else []
            typed_query, notes = language.parse_noted(query)
            asked = language.narrow(typed_query, *nodes, sort=sort_of(sort))
            say = say_for(interaction)
            heading = say("cogs.heading_search", query=str(replace(asked, sort=None)) or query)
            await self.show_query(interaction, answer, asked, heading, notes, directly=True)

    @app_commands.command(name="latest", description=worded("cogs.latest_description"))
    @app_commands.describe(
        private=worded("cogs.private_option"),
        tag=worded("cogs.search_tag"),
        source=worded("cogs.search_source"),
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def latest(
        self,
        interaction: Interaction,
        tag: Typed | None = None,
        source: Typed | None = None,
        private: bool | None = None,
    ) -> None:
        """Show the newest articles."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            nodes = await self._filters(interaction, tag=tag, source=source)
            asked = language.narrow(Query(sort="new"), *nodes, sort="new")
            say = say_for(interaction)
            narrowed = str(replace(asked, sort=None))
            key = "cogs.heading_latest_of" if narrowed else "cogs.heading_latest"
            await self.show_query(interaction, answer, asked, say(key, query=narrowed))

    @app_commands.command(name="author", description=worded("cogs.author_description"))
    @app_commands.describe(private=worded("cogs.private_option"), name=worded("cogs.author_name"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def author(
        self, interaction: Interaction, name: Typed, private: bool | None = None
    ) -> None:
        """Show what an author wrote, newest first."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            await self.show_named(interaction, answer, "author", name)

    @app_commands.command(name="source", description=worded("cogs.source_description"))
    @app_commands.describe(private=worded("cogs.private_option"), name=worded("cogs.source_name"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def source(
        self, interaction: Interaction, name: Typed, private: bool | None = None
    ) -> None:
        """Show what came from a source, newest first."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            await self.show_named(interaction, answer, "source", name)

    @app_commands.command(name="article", description=worded("cogs.article_description"))
    @app_commands.describe(title=worded("cogs.article_title"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def article(
        self, interaction: Interaction, title: app_commands.Range[str, 1, 300]
    ) -> None:
        """Open an article to read, for the asker alone."""
        async with answering(interaction, private=True) as answer:
            scope = scope_of(interaction)
            chosen = re.fullmatch(r"article:(\d{1,18})", title.strip())
            if chosen is not None:
                await self._open(interaction, answer, int(chosen[1]))
                return
            hits = await self.store.articles.named(title, scope, limit=25)
            exact = [hit for hit in hits if fold(hit.title) == fold(title)]
            if len(exact) == 1 or len(hits) == 1:
                await self._open(interaction, answer, (exact or list(hits))[0].id)
                return
            await self._offer(
                interaction,
                answer,
                title,
                [(h.id, h.title, h.source or h.feed) for h in exact or hits],
            )

    @search.autocomplete("tag")
    @latest.autocomplete("tag")
    async def tag_names(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest tags."""
        return await self.suggestions(interaction, "tag", typed)

    @search.autocomplete("source")
    @latest.autocomplete("source")
    @source.autocomplete("name")
    async def source_names(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest sources."""
        return await self.suggestions(interaction, "source", typed)

    @search.autocomplete("author")
    @author.autocomplete("name")
    async def author_names(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest authors."""
        return await self.suggestions(interaction, "author", typed)

    @article.autocomplete("title")
    async def titles(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest articles by their titles."""
        hits = await self.store.articles.named(typed, scope_of(interaction), limit=25)
        return [choice(hit.title, f"article:{hit.id}") for hit in hits]

    async def _filters(
        self,
        interaction: Interaction,
        *,
        tag: str | None = None,
        source: str | None = None,
        author: str | None = None,
    ) -> list[Node]:
        options: tuple[tuple[What, str | None], ...] = (
            ("tag", tag),
            ("source", source),
            ("author", author),
        )
        # An id stands for its name; typed text is kept: `source:` and `author:` match words within.
        nodes: list[Node] = []
        for what, typed in options:
            if typed is not None and is_choice(what, typed):
                typed = (await self.named(interaction, what, typed))[0].name
                await self.note_use(interaction, what, typed)
            if typed is not None:
                nodes.append(Named(what, (typed,)))
        return nodes

    async def _open(self, interaction: Interaction, answer: Answer, article_id: int) -> None:
        found: Article = await self.store.articles.get(article_id, scope_of(interaction))
        await answer.show(await self.reading(interaction, found, 1), private=True)

    async def _offer(
        self,
        interaction: Interaction,
        answer: Answer,
        title: str,
        hits: list[tuple[int, str, str]],
    ) -> None:
        say = say_for(interaction)
        sentence = say("cogs.several_articles")
        asks: tuple[Ask, ...] = ()
        if not hits:
            page = await self.store.articles.find(
                language.parse(title),
                scope_of(interaction),
                now=self.client.ports.now(),
                limit=ENTRIES,
            )
            hits = [(h.id, h.title, h.source or h.feed) for h in page.hits]
            sentence = say("cogs.no_such_title", typed=render.query_text(title, say))
            asks = await self.offered(interaction, [Probe(title[:PROBE_CHARS])])
        if not hits:
            await self.show_miss(interaction, answer, title, asks)
            return
        key = await self.keep(interaction, "miss", asks=asks_json(asks)) if asks else NO_KEY
        offered = [render.Choice(name, str(article_id), note) for article_id, name, note in hits]
        labels = tuple(ask.label for ask in asks)
        placeholder = say("chat.read_placeholder")
        drawn = render.choices(sentence, offered, "read", key, placeholder, labels, say)
        await answer.show(drawn, private=True)


def date_of(field: DateField, typed: str) -> Dated:
    """Read a date option. Raises TagwireError with the accepted forms for anything else."""
    root = language.parse(f"{field}:{typed.strip()}").root
    if not isinstance(root, Dated):
        raise TagwireError("cogs.bad_date", typed=typed)
    return root


def sort_of(value: str | None) -> Sort | None:
    """Return the order that an option names."""
    orders: dict[str, Sort] = {"new": "new", "old": "old", "best": "best"}
    return orders.get(value or "")


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(SearchCog(client))
