"""/trend: up to five queries over time, as a picture and as text."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
from discord import app_commands, ui

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import cut
from bot.chat.room import ACCENT, Room, Say
from bot.chat.trend import Series, periods, picture
from bot.chat.view_keys import NO_KEY, Press, button, control
from bot.chat.words import worded
from bot.query import language
from cogs.asking import Interaction, TagwireCog, is_private, may_be_shared, scope_of, sharing

PICTURE = "trend.png"
TABLE_REST = 120
LEGEND_CHARS = 280
NAMED_IN_ALT = 120
Asked = app_commands.Range[str, 1, 300]


class TrendCog(TagwireCog):
    """Draws how often queries matched."""

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
            typed = [t for t in (query, query2, query3, query4, query5) if t is not None]
            key = NO_KEY
            if may_be_shared(interaction, answer.private):
                key = await self.keep(interaction, "trend", queries=typed)
            await self._show(interaction, answer, typed, key)

    @control("share_trend")
    async def share_trend(self, interaction: Interaction, press: Press) -> None:
        """Show the channel the picture that a member saw alone, with the numbers of now."""
        async with answering(interaction) as answer:
            lead = sharing(interaction)
            kept = (await self.view(interaction, press.key)).detail.get("queries")
            typed = [str(text) for text in kept] if isinstance(kept, list) else []
            await self._show(interaction, answer, typed, lead=lead)

    async def _show(
        self,
        interaction: Interaction,
        answer: Answer,
        typed: list[str],
        key: str = NO_KEY,
        lead: str = "",
    ) -> None:
        say, scope, now = say_for(interaction), scope_of(interaction), self.client.ports.now()
        queries = [language.parse(text) for text in typed]
        found = [await self.store.trends.months(asked, scope, now) for asked in queries]
        names, counts = periods(found)
        if not names:
            shown = render.query_text(", ".join(typed), say)
            await answer.show(render.notice(say("cogs.nothing", typed=shown)), private=True)
            return
        labels = [str(asked) or say("chat.everything") for asked in queries]
        series = [Series(name, made) for name, made in zip(labels, counts, strict=True)]
        file = discord.File(io.BytesIO(await asyncio.to_thread(picture, names, series)), PICTURE)
        view = trend_view(names, series, say, key, lead)
        await answer.show(view, private=False if lead else None, file=file)


def trend_view(
    names: tuple[str, ...], series: list[Series], say: Say, key: str = NO_KEY, lead: str = ""
) -> ui.LayoutView:
    """Return the message of a trend: the picture with its description, and its numbers.

    With a key it can be shared; `lead` says who did.
    """
    room = Room()
    parts: list[ui.Item[Any]] = [room.text(f"-# {lead}")] if lead else []
    parts.append(room.text(f"## {say('cogs.trend_heading')}"))
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
    if key != NO_KEY:
        parts.append(ui.ActionRow(button(say("chat.share"), "share_trend", key)))
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
    await client.add_cog(TrendCog(client))
