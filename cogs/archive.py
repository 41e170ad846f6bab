"""/trend, /stats, /random and /archive: the archive as a whole and over time."""

from __future__ import annotations

import asyncio
import io
import random

import discord
from discord import app_commands, ui

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import cut
from bot.chat.room import ACCENT, Room, Say, moment
from bot.chat.trend import Series, periods, picture
from bot.chat.words import worded
from bot.errors import NotFoundError
from bot.query import language
from bot.query.nodes import Query
from cogs.asking import Interaction, TagwireCog, choice, is_private, scope_of
from cogs.search import date_of

PICTURE = "trend.png"
TABLE_REST = 120
LEGEND_CHARS = 280
NAMED_IN_ALT = 120
Asked = app_commands.Range[str, 1, 300]


class ArchiveCog(TagwireCog):
    """What the archive holds, when, and something from it."""

    @app_commands.command(name="trend", description=worded("cogs.trend_description"))
    @app_commands.describe(
        private=worded("cogs.private_option"),
        query=worded("cogs.trend_query"),
        query2=worded("cogs.trend_more"),
        query3=worded("cogs.trend_more"),
        query4=worded("cogs.trend_more"),
        query5=worded("cogs.trend_more"),
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def trend(
        self,
        interaction: Interaction,
        query: Asked,
        query2: Asked | None = None,
        query3: Asked | None = None,
        query4: Asked | None = None,
        query5: Asked | None = None,
        private: bool | None = None,
    ) -> None:
        """Draw how many articles match up to five queries, month by month."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            say, scope, now = say_for(interaction), scope_of(interaction), self.client.ports.now()
            typed = [t for t in (query, query2, query3, query4, query5) if t is not None]
            queries = [language.parse(text) for text in typed]
            found = [await self.store.trends.months(asked, scope, now) for asked in queries]
            names, counts = periods(found)
            if not names:
                await answer.show(
                    render.notice(
                        say("cogs.nothing", typed=render.query_text(", ".join(typed), say))
                    ),
                    private=True,
                )
                return
            labels = [str(asked) or say("chat.everything") for asked in queries]
            series = [Series(name, made) for name, made in zip(labels, counts, strict=True)]
            drawn = await asyncio.to_thread(picture, names, series)
            file = discord.File(io.BytesIO(drawn), PICTURE)
            await answer.show(trend_view(names, series, say), file=file)

    @app_commands.command(name="stats", description=worded("cogs.stats_description"))
    @app_commands.describe(private=worded("cogs.private_option"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def stats(self, interaction: Interaction, private: bool | None = None) -> None:
        """Tell how much the archive holds."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            say, found = say_for(interaction), await self.store.counts(scope_of(interaction))
            lines = [
                say("chat.count", count=found.articles),
                say(
                    "cogs.stats_names",
                    tags=found.tags,
                    authors=found.authors,
                    sources=found.sources,
                ),
                say("cogs.stats_feeds", count=found.feeds),
            ]
            if found.oldest_at is not None:
                since, until = moment(found.oldest_at, say), moment(found.newest_at, say)
                lines.append(say("cogs.stats_span", first=since, last=until))
            if found.undated:
                lines.append(say("cogs.stats_undated", count=found.undated))
            await answer.show(render.listing(say("cogs.stats_heading"), lines, say))

    @app_commands.command(name="random", description=worded("cogs.random_description"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def random(self, interaction: Interaction) -> None:
        """Open an article at random, for the asker alone."""
        async with answering(interaction, private=True) as answer:
            draw = random.Random(interaction.id)  # noqa: S311 - no secret is drawn
            article = await self.store.trends.any_article(scope_of(interaction), draw)
            if article is None:
                raise NotFoundError("cogs.empty_archive")
            await answer.show(await self.reading(interaction, article, 1), private=True)

    @app_commands.command(name="archive", description=worded("cogs.archive_description"))
    @app_commands.describe(
        private=worded("cogs.private_option"), month=worded("cogs.archive_month")
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def archive(
        self,
        interaction: Interaction,
        month: app_commands.Range[str, 1, 40],
        private: bool | None = None,
    ) -> None:
        """Show the articles of a month, newest first."""
        async with answering(interaction, private=is_private(interaction, private)) as answer:
            asked = language.narrow(Query(sort="new"), date_of("on", month), sort="new")
            heading = say_for(interaction)("cogs.heading_archive", month=month.strip())
            await self.show_query(interaction, answer, asked, heading)

    @archive.autocomplete("month")
    async def months(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest the months there are articles of, newest first."""
        found = await self.store.trends.months(
            Query(), scope_of(interaction), self.client.ports.now()
        )
        names = [name for name in sorted(found, reverse=True) if name.startswith(typed.strip())]
        return [choice(f"{name} ({found[name]})", name) for name in names[:25]]


def trend_view(names: tuple[str, ...], series: list[Series], say: Say) -> ui.LayoutView:
    """Return the message of a trend: the picture with its description, and its numbers."""
    room = Room()
    parts: list[ui.Item[ui.LayoutView]] = [room.text(f"## {say('cogs.trend_heading')}")]
    legend = [
        f"{place}. **{cut(render.query_text(one.label, say), LEGEND_CHARS)}** · "
        + say("chat.count", count=sum(one.counts))
        for place, one in enumerate(series, 1)
    ]
    parts.append(room.text("\n".join(legend)))
    alt = say(
        "cogs.trend_alt",
        labels=". ".join(_told(n, one, names, say) for n, one in enumerate(series, 1)),
        first=names[0],
        last=names[-1],
    )
    parts.append(
        ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{PICTURE}", description=alt[:1000]))
    )
    parts.append(room.text(table(names, series, say, room.chars)))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=ACCENT))
    return view


def _told(number: int, one: Series, names: tuple[str, ...], say: Say) -> str:
    most = max(one.counts)
    return say(
        "cogs.trend_told",
        number=number,
        label=one.label[:NAMED_IN_ALT],
        most=most,
        period=names[one.counts.index(most)],
    )


def table(names: tuple[str, ...], series: list[Series], say: Say, chars: int) -> str:
    """Return the numbers as lines of text in columns, the newest first, as many as fit."""
    rows = list(zip(names, *(one.counts for one in series), strict=True))[::-1]
    widths = [max(len(str(row[i])) for row in rows) for i in range(1, len(series) + 1)]
    heads = [str(n).rjust(w) for n, w in enumerate(widths, 1)]
    lines = ["  ".join(["".ljust(len(names[0])), *heads])]
    for name, *counts in rows:
        lines.append(
            "  ".join([name, *(str(n).rjust(w) for n, w in zip(counts, widths, strict=True))])
        )
    shown = lines[: max(2, (chars - TABLE_REST) // (len(lines[0]) + 1))]
    text = "```\n" + "\n".join(line.rstrip() for line in shown) + "\n```"
    more = len(lines) - len(shown)
    return f"{text}\n-# {say('cogs.trend_more_periods', count=more)}" if more > 0 else text


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(ArchiveCog(client))
