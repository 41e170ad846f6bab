"""What Discord says of the bot, over REST alone, for the doctor; the gateway is not opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import discord

from bot.chat.permissions import NEEDED
from bot.model import Finding, Target

# Each login of the day counts; below this a crash loop would soon cost the token.
FEW_LOGINS = 100
# Beyond this the doctor would be a burden on the bot's own rate limits.
MOST_CHANNELS = 200


async def check_discord(
    token: str, api: str | None, targets: Sequence[Target]
) -> tuple[Finding, ...]:
    """Log in, and look at the gateway, the commands and every subscribed channel.

    Raises what discord.py and its transport raise when Discord cannot be reached.
    """
    if api:
        discord.http.Route.BASE = api.rstrip("/")
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        try:
            await client.login(token)
        except discord.LoginFailure:
            return (_wrong("discord", "error", "token_refused"),)
        _, _, logins = await client.http.get_bot_gateway()
        return (
            _check_logins(str(client.user), logins["remaining"]),
            await _check_commands(client),
            *await _check_channels(client, targets[:MOST_CHANNELS]),
        )


def _check_logins(name: str, remaining: int) -> Finding:
    if remaining < FEW_LOGINS:
        return _wrong("discord", "warning", "discord_few_logins", count=remaining)
    return Finding("discord", "ok", "doctor.discord_ok", {"name": name, "count": remaining})


async def _check_commands(client: discord.Client) -> Finding:
    count = len(await client.http.get_global_commands(client.application_id or 0))
    if not count:
        return _wrong("commands", "warning", "commands_absent")
    return Finding("commands", "ok", "doctor.commands_ok", {"count": count})


async def _check_channels(client: discord.Client, targets: Sequence[Target]) -> list[Finding]:
    guilds: dict[int, list[Target]] = defaultdict(list)
    for target in targets:
        if target.guild_id is not None:
            guilds[target.guild_id].append(target)
    findings: list[Finding] = []
    for guild_id, wanted in guilds.items():
        findings += await _check_guild(client, guild_id, wanted)
    sound = sum(map(len, guilds.values())) - len(findings)
    return [Finding("permissions", "ok", "doctor.permissions_ok", {"count": sound}), *findings]


async def _check_guild(
    client: discord.Client, guild_id: int, targets: Sequence[Target]
) -> list[Finding]:
    try:
        guild = await client.fetch_guild(guild_id)
        me = await guild.fetch_member(client.user.id if client.user else 0)
    except (discord.Forbidden, discord.NotFound):
        return [_lost(target) for target in targets]
    found = [await _check_channel(guild, me, target) for target in targets]
    return [finding for finding in found if finding is not None]


async def _check_channel(
    guild: discord.Guild, me: discord.Member, target: Target
) -> Finding | None:
    try:
        channel = await guild.fetch_channel(target.channel_id)
        if isinstance(channel, discord.Thread):
            # A thread's permissions are its parent's, which nothing has cached here.
            channel = await guild.fetch_channel(channel.parent_id)
    except (discord.Forbidden, discord.NotFound):
        return _lost(target)
    granted = channel.permissions_for(me)
    lacking = [name for name in NEEDED[target.kind] if not getattr(granted, name)]
    if not lacking:
        return None
    names = ", ".join(name.replace("_", " ").title() for name in lacking)
    return _wrong(
        "permissions", "warning", "permission_missing", channel=target.channel_id, names=names
    )


def _lost(target: Target) -> Finding:
    return _wrong("permissions", "warning", "channel_lost", channel=target.channel_id)


def _wrong(
    check: str, state: Literal["warning", "error"], name: str, **params: str | int
) -> Finding:
    return Finding(check, state, f"doctor.{name}", params, f"doctor.{name}_remedy")
