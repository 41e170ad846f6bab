"""/subscription history and explain: who changed what, and why something was (not) posted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import say_for
from bot.chat.escape import cut, inert
from bot.chat.permissions import is_moderator, require_moderator
from bot.chat.room import Say
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError, TagwireError
from bot.model import AuditEntry
from bot.query.text import fold
from bot.store.explain import Explanation
from cogs.asking import Interaction, choice, scope_of
from cogs.subscription_base import BRIEF_CHARS, GROUP, Choices, SubscriptionBase, turns

FIELDS = ("channel_id", "query", "look", "rhythm", "mention_role_id", "mention_query")
VALUE_CHARS = 200
# A subscription on a page of an explanation takes two lines and a link.
EXPLAINED = 8
# The command that changes each of a server's settings.
SETTINGS = {
    "moderator_role_id": "role",
    "alert_channel_id": "alerts",
    "blocked": "block",
    "answers": "answers",
    "language": "language",
    "zone": "zone",
}


class Telling(SubscriptionBase):
    """The commands that tell and change nothing."""

    @GROUP.command(name="history", description=worded("cogs.subscription_history_description"))
    @app_commands.describe(subscription=worded("cogs.subscription_option"))
    async def history(self, interaction: Interaction, subscription: str | None = None) -> None:
        """List the last changes: who, when, how it was and how it is."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            # A removed subscription has a past too: its number is enough.
            number = re.fullmatch(r"\s*(?:subscription:|#)?(\d{1,18})\s*", subscription or "")
            subject = number[1] if number else None
            if subscription is not None and subject is None:
                subject = str((await self._one(interaction, subscription)).id)
            kind = "subscription." if subject else ""
            entries = await self.store.audit.list(guild_id, subject=subject, action=kind)
            lines = [f"- {_entry(entry, say)}" for entry in entries]
            heading = say("cogs.history_heading")
            await answer.show(render.listing(heading, lines or [say("cogs.history_none")], say))

    @GROUP.command(name="explain", description=worded("cogs.subscription_explain_description"))
    @app_commands.describe(article=worded("cogs.article_title"))
    async def explain(
        self, interaction: Interaction, article: app_commands.Range[str, 1, 300]
    ) -> None:
        """Say for each subscription why the article was or was not posted."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            article_id = await self._article_id(interaction, article)
            await answer.show(await self._explanation(interaction, article_id, 0))

    @control("sub_explain")
    async def turn_explanation(self, interaction: Interaction, press: Press) -> None:
        """Show another page of what became of an article."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            article_id, start = id_of(press.key), id_of(press.argument)
            await answer.edit(await self._explanation(interaction, article_id, start))

    async def _explanation(
        self, interaction: Interaction, article_id: int, start: int
    ) -> discord.ui.LayoutView:
        guild_id, say = require_moderator(interaction), say_for(interaction)
        shown = await self.store.articles.get(article_id, scope_of(interaction))
        found = await self.store.explain.article(article_id, guild_id, self.client.ports.now())
        part = found[start : start + EXPLAINED]
        lines = [f"- {self._explained(each, guild_id, say)}" for each in part]
        moves = turns("sub_explain", str(article_id), start, EXPLAINED, len(found), say)
        heading = say("cogs.explain_heading", title=shown.title)
        return render.listing(heading, lines or [say("cogs.no_subscriptions")], say, moves)

    @history.autocomplete("subscription")
    async def _to_tell(self, interaction: Interaction, typed: str) -> Choices:
        return await self.suggested(interaction, typed)

    @explain.autocomplete("article")
    async def _articles(self, interaction: Interaction, typed: str) -> Choices:
        if interaction.guild_id is None or not is_moderator(interaction):
            return []
        hits = await self.store.articles.named(typed, scope_of(interaction), limit=25)
        return [choice(hit.title, f"article:{hit.id}") for hit in hits]

    async def _article_id(self, interaction: Interaction, typed: str) -> int:
        chosen = re.fullmatch(r"(?:article:)?(\d{1,18})", typed.strip())
        if chosen is not None:
            return int(chosen[1])
        hits = await self.store.articles.named(typed, scope_of(interaction), limit=25)
        exact = [hit for hit in hits if fold(hit.title) == fold(typed)] or list(hits)
        if not exact:
            raise NotFoundError("cogs.no_such_article", typed=typed)
        if len(exact) > 1:
            raise TagwireError("cogs.which_article", typed=typed)
        return exact[0].id

    def _explained(self, found: Explanation, guild_id: int, say: Say) -> str:
        part = render.query_text(str(found.params.get("part", "")), say)
        part = cut(part, BRIEF_CHARS, 3 * BRIEF_CHARS)
        at = f"<t:{int(found.at.timestamp())}:f>" if found.at is not None else ""
        title = inert(str(found.params.get("title", "")), VALUE_CHARS, 3 * VALUE_CHARS)
        told = say(found.key, part=part, at=at, title=title)
        if found.cause is not None:
            safe = {
                k: inert(v, 200, 600) if isinstance(v, str) else v
                for k, v in found.cause_params.items()
            }
            told += f" {say(found.cause, **safe)}"
        if found.message_id is not None:
            place = f"{guild_id}/{found.place_id}/{found.message_id}"
            told += f" https://discord.com/channels/{place}"
        return f"{self._line(found.subscription, say, brief=True)}\n  {told}"


def _entry(entry: AuditEntry, say: Say) -> str:
    if not entry.action.startswith("subscription."):
        return _other(entry, say)
    action = say(f"cogs.audit_{entry.action.replace('.', '_')}")
    line = f"<t:{int(entry.at.timestamp())}:f> <@{entry.actor_id}> {action} \\#{entry.subject}"
    was, is_ = _fields(entry.before), _fields(entry.after)
    sides = {key: [_value(key, side.get(key), say) for side in (was, is_)] for key in FIELDS}
    changes = [
        say("cogs.changed_field", field=say(f"cogs.field_{key}"), before=before, after=after)
        for key, (before, after) in sides.items()
        if before != after
    ]
    return "\n  ".join([line, *changes])


def _other(entry: AuditEntry, say: Say) -> str:
    """Return a change of another kind, without a feed's address: that may hold a key."""
    group, _, verb = entry.action.partition(".")
    known = f"subscription_{verb}" if verb in ("add", "remove") else f"{group}_{verb}"
    action = say("cogs.audit_subscription_edit" if verb == "set" else f"cogs.audit_{known}")
    line = f"<t:{int(entry.at.timestamp())}:f> <@{entry.actor_id}> {action}"
    if verb != "set":
        return f"{line} {group} \\#{entry.subject}"
    before, after = (_setting(entry.subject, value, say) for value in (entry.before, entry.after))
    return f"{line} `/server {SETTINGS.get(entry.subject, entry.subject)}`: {before} → {after}"


def _setting(key: str, value: str | None, say: Say) -> str:
    if value is None:
        return say("cogs.value_none")
    marks = {"moderator_role_id": "<@&{}>", "alert_channel_id": "<#{}>"}
    return marks.get(key, "{}").format(inert(value, VALUE_CHARS, 3 * VALUE_CHARS))


def _fields(stored: str | None) -> Mapping[str, object]:
    """Return a side of a change by field; what is no JSON object is a query."""
    if stored is None:
        return {}
    try:
        read = json.loads(stored)
    except ValueError:
        return {"query": stored}
    return read if isinstance(read, dict) else {"query": stored}


def _value(key: str, value: object, say: Say) -> str:
    if value is None or value == {}:
        return say("cogs.value_none")
    if key == "channel_id":
        return f"<#{value}>"
    if key == "mention_role_id":
        return f"<@&{value}>"
    if isinstance(value, dict):
        value = ", ".join(f"{name} {part}" for name, part in value.items())
    return inert(str(value), VALUE_CHARS, 3 * VALUE_CHARS) or say("chat.everything")
