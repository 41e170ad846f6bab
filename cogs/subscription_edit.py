"""/subscription edit, clone and move: what a subscription posts, how it looks, when and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import say_for
from bot.chat.look import FORMS, accent_of, look_of, parts_of
from bot.chat.permissions import Postable, require_moderator
from bot.chat.room import Say
from bot.chat.template import parsed
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError, QueryError, TagwireError
from bot.model import Subscription
from bot.query import language
from bot.store.rhythm import (
    MODES,
    PER_HOUR_MOST,
    clock_text,
    rhythm_of,
    span_text,
    zone_text,
)
from cogs.asking import Interaction, scope_of
from cogs.subscription_base import DAYS, GROUP, Choices, SubscriptionBase, sample_of
from cogs.targets import Picked, PostableChannel, channel_of, checked, text_note

NONE = "none"
EVERY = "*"
WEEKDAYS: list[app_commands.Choice[int]] = [
    app_commands.Choice(name=worded(f"cogs.day_{day}"), value=n) for n, day in enumerate(DAYS)
]
Short = app_commands.Range[str, 1, 100]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What /subscription edit was given. "none" takes a thing away; None leaves it as it is."""

    form: str | None = None
    colour: str | None = None
    show: str | None = None
    template: str | None = None
    when: str | None = None
    at: str | None = None
    weekday: int | None = None
    zone: str | None = None
    quiet: str | None = None
    per_hour: int | None = None
    delay: int | None = None
    role: discord.Role | None = None
    ping: str | None = None
    join: bool | None = None
    copies: bool | None = None
    webhook: bool | None = None


class Editing(SubscriptionBase):
    """The commands that change a subscription."""

    @GROUP.command(name="edit", description=worded("cogs.subscription_edit_description"))
    @app_commands.describe(
        subscription=worded("cogs.subscription_option"),
        query=worded("cogs.subscription_query"),
        look=worded("cogs.edit_look"),
        colour=worded("cogs.edit_colour"),
        show=worded("cogs.edit_show"),
        template=worded("cogs.edit_template"),
        when=worded("cogs.edit_when"),
        at=worded("cogs.edit_at"),
        weekday=worded("cogs.edit_weekday"),
        zone=worded("cogs.edit_zone"),
        quiet=worded("cogs.edit_quiet"),
        per_hour=worded("cogs.edit_per_hour"),
        delay=worded("cogs.edit_delay"),
        role=worded("cogs.edit_role"),
        ping=worded("cogs.edit_ping"),
        join=worded("cogs.edit_join"),
        webhook=worded("cogs.edit_webhook"),
        copies=worded("cogs.edit_copies"),
    )
    @app_commands.choices(
        look=[app_commands.Choice(name=worded(f"cogs.look_{f}"), value=f) for f in FORMS],
        when=[app_commands.Choice(name=worded(f"cogs.when_{m}"), value=m) for m in MODES],
    )
    @app_commands.choices(weekday=WEEKDAYS)
    async def edit(
        self,
        interaction: Interaction,
        subscription: str,
        query: app_commands.Range[str, 1, 2000] | None = None,
        look: str | None = None,
        colour: Short | None = None,
        show: Short | None = None,
        template: app_commands.Range[str, 1, 1000] | None = None,
        when: str | None = None,
        at: Short | None = None,
        weekday: int | None = None,
        zone: Short | None = None,
        quiet: Short | None = None,
        per_hour: app_commands.Range[int, 0, PER_HOUR_MOST] | None = None,
        delay: app_commands.Range[int, 0, 1440] | None = None,
        role: discord.Role | None = None,
        ping: app_commands.Range[str, 1, 500] | None = None,
        join: bool | None = None,
        copies: bool | None = None,
        webhook: bool | None = None,
    ) -> None:
        """Change what was given, say what it was before, and show how a post looks now."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            found = await self._one(interaction, subscription)
            wishes = Wishes(
                look, colour, show, template, when, at, weekday, zone, quiet, per_hour, delay,
                role, ping, join, copies, webhook,
            )  # fmt: skip
            say = say_for(interaction)
            channel = await channel_of(interaction, found.target.channel_id)
            for typed in (query, None if ping in (NONE, EVERY) else ping):
                try:
                    language.parse_strict(typed or "")
                except QueryError as error:
                    view = render.query_failure(error, typed or "", say)
                    await answer.show(view, private=True)
                    return
            asked = {} if query is None else {"query": str(language.parse_strict(query))}
            home = (await self.store.guilds.settings(require_moderator(interaction))).get("zone")

            def change(current: Subscription) -> Mapping[str, object]:
                changed = changes_of(current, wishes, str(home or "UTC")) | asked
                check_role(channel, changed, say)
                if looks(changed) != current.look:
                    checked(channel, say, looks(changed))
                return changed

            change(found)
            # Computed once more from what stands by then: another moderator may edit it too.
            made = await self.store.subscriptions.change(self.by(interaction), found.id, change)
            await self._show_edited(interaction, answer, found, made)

    @GROUP.command(name="clone", description=worded("cogs.subscription_clone_description"))
    @app_commands.describe(
        subscription=worded("cogs.subscription_option"), channel=worded("cogs.subscription_channel")
    )
    async def clone(
        self,
        interaction: Interaction,
        subscription: str,
        channel: app_commands.Transform[Picked, PostableChannel],
    ) -> None:
        """Post the same into another channel too, with the same look and rhythm."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say, now = say_for(interaction), self.client.ports.now()
            found = await self._one(interaction, subscription)
            place = await channel_of(interaction, channel.id)
            kind = checked(place, say, found.look)
            made = await self.store.subscriptions.add(
                kind,
                guild_id,
                place.id,
                found.query,
                interaction.user.id,
                now,
                look=found.look,
                rhythm=found.rhythm,
                mention_role_id=found.mention_role_id,
                mention_query=found.mention_query,
                most=self._most(),
                action="subscription.clone",
            )
            await answer.show(render.notice(say("cogs.cloned", what=self._line(made, say))))

    @GROUP.command(name="move", description=worded("cogs.subscription_move_description"))
    @app_commands.describe(
        subscription=worded("cogs.move_option"), channel=worded("cogs.subscription_channel")
    )
    async def move(
        self,
        interaction: Interaction,
        subscription: str,
        channel: app_commands.Transform[Picked, PostableChannel],
    ) -> None:
        """Post into another channel from now on; a channel's name moves all that is in it."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            found = await self._meant(guild_id, subscription)
            if not found:
                raise NotFoundError("cogs.no_such_subscription", typed=subscription)
            if len({each.target.id for each in found}) > 1:
                await self._one(interaction, subscription)
            place = await channel_of(interaction, channel.id)
            kind = checked(place, say)
            for each in found:
                checked(place, say, each.look)
            moved = await self.store.subscriptions.move(
                self.by(interaction), kind, place.id, *(each.id for each in found)
            )
            lines = [f"- {self._line(made, say)}" for made in moved]
            heading = say("cogs.moved_heading", count=len(lines))
            await answer.show(render.listing(heading, lines, say))

    @edit.autocomplete("subscription")
    @clone.autocomplete("subscription")
    @move.autocomplete("subscription")
    async def _to_edit(self, interaction: Interaction, typed: str) -> Choices:
        return await self.suggested(interaction, typed)

    @control("join")
    async def join(self, interaction: Interaction, press: Press) -> None:
        """Give the presser the role that a post pings, or take it away again."""
        async with answering(interaction, private=True) as answer:
            say, guild = say_for(interaction), interaction.guild
            member, role_id = interaction.user, id_of(press.key)
            role = guild.get_role(role_id) if guild else None
            if guild is None or role is None or not isinstance(member, discord.Member):
                raise NotFoundError("chat.control_lost")
            offered = await self.store.subscriptions.list(guild.id)
            if not any(look_of(each.look).join_role_id == role_id for each in offered):
                raise NotFoundError("chat.control_lost")
            _check_assignable(guild, role)
            if member.get_role(role_id) is None:
                await member.add_roles(role, reason=say("cogs.join_reason"))
                key = "cogs.joined"
            else:
                await member.remove_roles(role, reason=say("cogs.join_reason"))
                key = "cogs.left"
            await answer.show(render.notice(say(key, role=role.mention)), private=True)

    async def _show_edited(
        self, interaction: Interaction, answer: Answer, before: Subscription, after: Subscription
    ) -> None:
        say = say_for(interaction)
        told = [say("cogs.edited", what=self._line(after, say))]
        digest = rhythm_of(after.rhythm).is_digest
        if note := text_note(after.target.kind, after.look, say, digest=digest):
            told.append(note)
        if before.query != after.query:
            told.append(await self._lately(interaction, language.parse(after.query)))
        await answer.show(render.notice("\n".join(told)))
        newest = language.narrow(language.parse(after.query), sort="new")
        page = await self.store.articles.search(
            newest, scope_of(interaction), now=self.client.ports.now(), limit=1
        )
        if page.hits:
            article = await self.store.articles.get(page.hits[0].id, scope_of(interaction))
            view = render.card(sample_of(after, article), say)
            await answer.show(view, private=True)


def changes_of(found: Subscription, wishes: Wishes, home: str = "UTC") -> dict[str, object]:
    """Return what the wishes change, checked. Raises TagwireError for what cannot be read.

    `home` is the server's time zone, which holds for a first local time.
    """
    changed: dict[str, object] = {}
    look, rhythm = _look(found, wishes), _rhythm(found, wishes, home)
    if wishes.role is not None:
        changed["mention_role_id"] = wishes.role.id
    if wishes.ping is not None:
        _ping(changed, wishes.ping)
    role_id = changed.get("mention_role_id", found.mention_role_id)
    if wishes.join is not None or "join_role_id" in look:
        joins = wishes.join if wishes.join is not None else True
        if joins and role_id is None and wishes.join:
            raise TagwireError("cogs.join_needs_role")
        look["join_role_id"] = role_id if joins else None
    changed["look"] = {key: value for key, value in look.items() if value is not None}
    changed["rhythm"] = {key: value for key, value in rhythm.items() if value is not None}
    return changed


def looks(changed: Mapping[str, object]) -> Mapping[str, object]:
    """Return the look among what is changed."""
    look = changed["look"]
    return look if isinstance(look, Mapping) else {}


def _ping(changed: dict[str, object], typed: str) -> None:
    if typed.strip().lower() == NONE:
        changed["mention_role_id"] = changed["mention_query"] = None
    elif typed.strip() == EVERY:
        changed["mention_query"] = None
    else:
        changed["mention_query"] = str(language.parse_strict(typed))


def _look(found: Subscription, wishes: Wishes) -> dict[str, object]:
    look = dict(found.look)
    if wishes.form is not None:
        look["form"] = wishes.form
    if wishes.webhook is not None:
        look["webhook"] = True if wishes.webhook else None
    if wishes.colour is not None:
        look["accent"] = None if _is_none(wishes.colour) else accent_of(wishes.colour)
    if wishes.show is not None:
        look["parts"] = None if _is_none(wishes.show) else parts_of(wishes.show)
    if wishes.template is not None:
        look["template"] = None if _is_none(wishes.template) else wishes.template
        parsed(wishes.template)
    return look


def _rhythm(found: Subscription, wishes: Wishes, home: str) -> dict[str, object]:
    rhythm = dict(found.rhythm)
    if wishes.at or wishes.quiet or wishes.when in ("daily", "weekly"):
        rhythm.setdefault("zone", home if home != "UTC" else None)
    if wishes.when is not None:
        rhythm["mode"] = None if wishes.when == "once" else wishes.when
    if wishes.at is not None:
        rhythm["at"] = clock_text(wishes.at)
    if wishes.weekday is not None:
        rhythm["weekday"] = wishes.weekday
    if wishes.zone is not None:
        rhythm["zone"] = zone_text(wishes.zone)
    if wishes.quiet is not None:
        rhythm["quiet"] = None if _is_none(wishes.quiet) else span_text(wishes.quiet)
    if wishes.per_hour is not None:
        rhythm["per_hour"] = wishes.per_hour or None
    if wishes.delay is not None:
        rhythm["delay_s"] = wishes.delay * 60 or None
    if wishes.copies is not None:
        rhythm["copies"] = wishes.copies or None
    return rhythm


def _is_none(typed: str) -> bool:
    return typed.strip().lower() == NONE


def check_role(channel: Postable, changed: dict[str, object], say: Say) -> None:
    """Refuse a role that could not be pinged or given, and name what is missing."""
    guild = channel.guild
    role = guild.get_role(_whole(changed.get("mention_role_id")))
    granted = channel.permissions_for(guild.me)
    if role is not None and not role.mentionable and not granted.mention_everyone:
        raise TagwireError("cogs.role_not_mentionable", role=role.name, channel=channel.name)
    look: Any = changed["look"]
    offered = guild.get_role(_whole(look.get("join_role_id")))
    if offered is not None:
        _check_assignable(guild, offered)


def _check_assignable(guild: discord.Guild, role: discord.Role) -> None:
    if not guild.me.guild_permissions.manage_roles:
        raise TagwireError("cogs.manage_roles_missing", role=role.name)
    if role.is_default() or role.managed or role >= guild.me.top_role:
        raise TagwireError("cogs.role_too_high", role=role.name)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
