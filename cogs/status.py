"""/status: what waits, what failed and why, what is unknown; failed posts sent again or dropped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import discord
from discord import app_commands, ui

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import inert
from bot.chat.page import option_text
from bot.chat.permissions import require_moderator
from bot.chat.room import Say
from bot.chat.view_keys import Press, button, control, id_of, menu
from bot.chat.words import worded
from bot.errors import NotFoundError
from bot.model import DeadLetter, OutboxStatus
from cogs.asking import Interaction, TagwireCog

# Of a page that was given up only the kind of reason is kept.
NO_DETAIL = {"detail": "…", "status": "…", "minutes": "…"}


class StatusCog(TagwireCog):
    """The state of what a server is owed."""

    @app_commands.command(name="status", description=worded("cogs.status_description"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True)
    @app_commands.allowed_installs(guilds=True)
    async def status(self, interaction: Interaction) -> None:
        """Show what waits, what failed and which channels cannot be posted to."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self.store.outbox.status(guild_id)
            moves = [_letters(found, say)] if found.failed else []
            lines = _lines(found, self.client.ports.now(), say)
            view = render.listing(say("cogs.status_heading"), lines, say, moves)
            await answer.show(view)

    @control("letter")
    async def letter(self, interaction: Interaction, press: Press) -> None:
        """Show a failed post with what can be done about it."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            post_id = id_of(press.values[0] if press.values else "")
            found = await self.store.outbox.status(guild_id)
            letter = next((each for each in found.failed if each.post_id == post_id), None)
            if letter is None:
                raise NotFoundError("store.no_post", id=post_id)
            send = button(
                say("cogs.letter_send"),
                "letter_send",
                str(post_id),
                style=discord.ButtonStyle.primary,
            )
            drop = button(
                say("cogs.letter_drop"),
                "letter_drop",
                str(post_id),
                style=discord.ButtonStyle.danger,
            )
            heading = say("cogs.letter_heading", id=post_id)
            titles = [f"- {inert(title, 120, 360)}" for title in letter.titles]
            lines = [_letter_line(letter, say), *titles]
            await answer.show(render.listing(heading, lines, say, [send, drop]), private=True)

    @control("letter_send")
    async def send_again(self, interaction: Interaction, press: Press) -> None:
        """Send a failed post again, as a new message."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            post_id, now = id_of(press.key), self.client.ports.now()
            await self.store.outbox.resend(post_id, guild_id, now, self.by(interaction))
            await answer.edit(render.notice(say_for(interaction)("cogs.letter_sent")))

    @control("letter_drop")
    async def drop(self, interaction: Interaction, press: Press) -> None:
        """Drop a failed post for good."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            post_id = id_of(press.key)
            await self.store.outbox.drop(post_id, guild_id, self.by(interaction))
            await answer.edit(render.notice(say_for(interaction)("cogs.letter_dropped")))


def _lines(found: OutboxStatus, now: datetime, say: Say) -> list[str]:
    lines = [
        say(
            "cogs.status_counts",
            waiting=found.owed + found.ready + found.sending,
            sent=found.sent,
            failed=found.dead,
            unknown=found.unknown,
        )
    ]
    if found.oldest_at is not None:
        lines.append(say("cogs.status_oldest", since=f"<t:{int(found.oldest_at.timestamp())}:R>"))
    if (until := found.shown_block(now)) is not None:
        lines.append(say("cogs.status_blocked", until=f"<t:{int(until.timestamp())}:f>"))
    if found.texts_failed:
        why = say(found.text_reason or "cogs.letter_unclear", **NO_DETAIL)
        lines.append(say("cogs.status_texts", count=found.texts_failed, why=why))
    for target in found.paused:
        why = say(target.paused_reason or "store.paused")
        lines.append(f"- <#{target.channel_id}>: {why}")
    return lines + [f"- {_letter_line(letter, say)}" for letter in found.failed]


def _letter_line(letter: DeadLetter, say: Say) -> str:
    safe = {k: inert(v, 200, 600) if isinstance(v, str) else v for k, v in letter.params.items()}
    why = (
        say(letter.reason, **{**NO_DETAIL, **safe}) if letter.reason else say("cogs.letter_unclear")
    )
    code = f" ({letter.code})" if letter.code else ""
    state = say(f"cogs.letter_{letter.state}")
    at = f"<t:{int(letter.at.timestamp())}:f>"
    return f"<#{letter.target.channel_id}> {at} · {state}: {why}{code}"


def _letters(found: OutboxStatus, say: Say) -> ui.Item[Any]:
    options = [
        discord.SelectOption(
            label=option_text(", ".join(letter.titles), say("chat.untitled")),
            value=str(letter.post_id),
        )
        for letter in found.failed
    ]
    return menu(say("cogs.letter_placeholder"), options, "letter")


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(StatusCog(client))
