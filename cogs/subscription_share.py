"""/subscription export and import: a server's subscriptions as a file, and back after a preview."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands, ui

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import say_for
from bot.chat.escape import inert
from bot.chat.permissions import require_moderator
from bot.chat.room import Say
from bot.chat.view_keys import Press, button, control
from bot.chat.words import worded
from bot.errors import TagwireError
from bot.model import Subscription
from bot.store.subscription_copies import Wanted, check_room
from cogs.asking import Interaction
from cogs.subscription_base import GROUP, SubscriptionBase
from cogs.subscription_edit import check_role
from cogs.subscription_file import FILE_BYTES, File, Item, Refused, place_of, read, role_of, written
from cogs.targets import channel_of, checked

FILE_NAME = "subscriptions.json"
READ_S = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do here, each with its line for people."""

    added: Sequence[Wanted]
    changed: Sequence[Wanted]
    same: int
    refused: Sequence[str]
    lines: Sequence[str]

    @property
    def wanted(self) -> list[Wanted]:
        """What is to be written."""
        return [*self.added, *self.changed]


class Sharing(SubscriptionBase):
    """The commands that write and read a file of subscriptions."""

    @GROUP.command(name="export", description=worded("cogs.subscription_export_description"))
    async def export(self, interaction: Interaction) -> None:
        """Hand the server's subscriptions over as a file."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say, guild = say_for(interaction), interaction.guild
            if guild is None:
                raise TagwireError("chat.server_only")
            found = await self.store.subscriptions.list(guild_id)
            content = written(found, guild, self.client.ports.now())
            file = discord.File(io.BytesIO(content), FILE_NAME)
            await answer.show(_file_view(say("cogs.exported", count=len(found))), file=file)

    @GROUP.command(name="import", description=worded("cogs.subscription_import_description"))
    @app_commands.describe(file=worded("cogs.import_file"))
    async def bring(self, interaction: Interaction, file: discord.Attachment) -> None:
        """Show what a file would add, change and what it cannot, and ask."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            content = await _content(file)
            # Reading takes long enough to be felt by whoever presses a button meanwhile.
            known = await asyncio.to_thread(read, content)
            plan = await self._plan(interaction, known)
            heading = say(
                "cogs.import_heading",
                added=len(plan.added),
                changed=len(plan.changed),
                same=plan.same,
                refused=len(plan.refused),
            )
            moves: list[ui.Item[Any]] = []
            if plan.wanted:
                limit = self._most()
                there = await self.store.subscriptions.list(guild_id)
                check_room(there, plan.wanted, limit)
                key = await self.keep(interaction, "import", file=content.decode("utf-8-sig"))
                style = discord.ButtonStyle.success
                moves = [
                    button(say("chat.confirm"), "sub_import", key, style=style),
                    button(say("chat.cancel"), "cancel", key),
                ]
            await answer.show(render.listing(heading, list(plan.lines), say, moves))

    @control("sub_import")
    async def confirm_import(self, interaction: Interaction, press: Press) -> None:
        """Write what was previewed, everything checked once more."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            view = await self.view(interaction, press.key)
            content = str(view.detail.get("file", "")).encode()
            plan = await self._plan(interaction, await asyncio.to_thread(read, content))
            done = await self.store.copies.bring(
                guild_id, interaction.user.id, self.client.ports.now(), plan.wanted, self._most()
            )
            told = say("cogs.imported", added=done.added, changed=done.changed)
            await answer.edit(render.listing(told, list(plan.refused), say))

    async def _plan(self, interaction: Interaction, file: File) -> Plan:
        say = say_for(interaction)
        there = await self.store.subscriptions.list(require_moderator(interaction))
        known = {(found.target.channel_id, found.query): found for found in there}
        added: list[Wanted] = []
        changed: list[Wanted] = []
        refused: list[str] = []
        lines: list[str] = []
        met: set[tuple[int, str]] = set()
        for entry in file.entries:
            try:
                wanted = await _wanted(interaction, entry, file.server_id)
                place = (wanted.channel_id, wanted.query)
                if place in met:
                    raise TagwireError("cogs.import_twice")
            except TagwireError as error:
                refused.append(_refusal(entry, error, say))
                continue
            met.add(place)
            found = known.get(place)
            if found is None:
                added.append(wanted)
                lines.append(_line("cogs.import_adds", wanted, say))
            elif wanted.differs(found):
                changed.append(wanted)
                lines.append(_line("cogs.import_changes", wanted, say, found))
        same = len(met) - len(added) - len(changed)
        return Plan(added, changed, same, refused, [*refused, *lines])


async def _content(file: discord.Attachment) -> bytes:
    """Return an attachment's bytes. Raises TagwireError for a large or unreadable one."""
    if file.size > FILE_BYTES:
        raise TagwireError("cogs.import_too_large", most=FILE_BYTES // 1024)
    try:
        async with asyncio.timeout(READ_S):
            return await file.read()
    except (discord.HTTPException, OSError, TimeoutError):
        raise TagwireError("cogs.import_not_read") from None


async def _wanted(interaction: Interaction, entry: Item | Refused, server_id: int) -> Wanted:
    """Return what an entry means in this server. Raises TagwireError naming what is amiss."""
    guild, say = interaction.guild, say_for(interaction)
    if isinstance(entry, Refused):
        raise entry.error
    if guild is None:
        raise TagwireError("chat.server_only")
    channel = await channel_of(interaction, place_of(entry, guild, server_id))
    look = dict(entry.look)
    kind, role = checked(channel, say, look), role_of(entry, guild)
    if role is not None and entry.members_join:
        look["join_role_id"] = role.id
    role_id = None if role is None else role.id
    check_role(channel, {"mention_role_id": role_id, "look": look}, say)
    return Wanted(
        kind=kind,
        channel_id=channel.id,
        query=entry.query,
        look=look,
        rhythm=dict(entry.rhythm),
        mention_role_id=role_id,
        mention_query=None if role is None else entry.ping_query,
        is_paused=entry.is_paused,
    )


def _refusal(entry: Item | Refused, error: TagwireError, say: Say) -> str:
    named = entry.named if isinstance(entry, Refused) else f"#{entry.channel_name}: {entry.query}"
    safe = {k: inert(v, 200, 600) if isinstance(v, str) else v for k, v in error.params.items()}
    reason = say(error.key, **safe)
    return f"- {say('cogs.import_refuses', what=inert(named, 120, 360), reason=reason)}"


def _line(key: str, wanted: Wanted, say: Say, found: Subscription | None = None) -> str:
    query = render.query_text(wanted.query, say)
    fields = ", ".join(say(f"cogs.field_{name}") for name in _differing(wanted, found))
    return f"- {say(key, channel=f'<#{wanted.channel_id}>', query=query, fields=fields)}"


def _differing(wanted: Wanted, found: Subscription | None) -> list[str]:
    if found is None:
        return []
    names = ("look", "rhythm", "mention_role_id", "mention_query")
    differing = [name for name in names if getattr(wanted, name) != getattr(found, name)]
    paused = wanted.is_paused != (found.paused is not None)
    return [*differing, *(["paused"] if paused else [])]


def _file_view(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    view.add_item(ui.File(f"attachment://{FILE_NAME}"))
    return view
