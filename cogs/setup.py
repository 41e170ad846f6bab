"""/setup: one message that walks a new server from nothing to its first subscription."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands, ui

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import TagwireClient, draw_error, say_for
from bot.chat.escape import inert
from bot.chat.look import FORMS
from bot.chat.page import option_text
from bot.chat.permissions import require_moderator
from bot.chat.room import Say
from bot.chat.view_keys import Control, Press, button, channel_menu, control, id_of, menu
from bot.chat.words import worded
from bot.errors import QueryError
from bot.model import Name, Scope, Tag
from bot.query import language
from bot.query.nodes import Named, Node, Query
from cogs.asking import Interaction, scope_of
from cogs.nearest import What
from cogs.subscription_base import BACK_TEST, LATELY, SubscriptionBase
from cogs.targets import channel_of, checked, text_note

OFFERED = 25
WORDS_CHARS = 300
DAYS_A_WEEK, DAYS_TESTED = 7, 30


@dataclass(frozen=True, slots=True)
class Plan:
    """What has been chosen so far. Everything chosen must hold."""

    channel_id: int = 0
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    words: str = ""
    form: str = "card"
    copies: bool = False
    typed: str = ""
    """Words that could not be read: the message says why, and the form shows them again."""

    @property
    def query(self) -> Query:
        """The query that the choices make."""
        parts: list[Node] = []
        if self.tags:
            parts.append(Named("tag", self.tags))
        if self.sources:
            parts.append(Named("source", self.sources))
        return language.narrow(language.parse(self.words), *parts)

    def detail(self) -> dict[str, object]:
        """Return it in the shape a view's detail keeps; ids as text."""
        return {
            "channel_id": str(self.channel_id),
            "tags": list(self.tags),
            "sources": list(self.sources),
            "words": self.words,
            "form": self.form,
            "copies": self.copies,
            "typed": self.typed,
        }


def plan_of(detail: Mapping[str, object]) -> Plan:
    """Read what detail() wrote."""

    def names(key: str) -> tuple[str, ...]:
        found = detail.get(key)
        return tuple(map(str, found)) if isinstance(found, list) else ()

    return Plan(
        id_of(str(detail.get("channel_id", ""))),
        names("tags"),
        names("sources"),
        str(detail.get("words", "")),
        str(detail.get("form", "card")),
        detail.get("copies") is True,
        str(detail.get("typed", "")),
    )


class SetupCog(SubscriptionBase):
    """The walk through a first subscription: every press changes the one message."""

    @app_commands.command(name="setup", description=worded("cogs.setup_description"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True)
    @app_commands.allowed_installs(guilds=True)
    async def setup_server(self, interaction: Interaction) -> None:
        """Begin with nothing chosen."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            await answer.show(await self._drawn(interaction, Plan()))

    @control("set_channel")
    async def choose_channel(self, interaction: Interaction, press: Press) -> None:
        """Take the channel, if it can be posted to."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            chosen = id_of(press.values[0] if press.values else "")
            channel = await channel_of(interaction, chosen)
            plan = plan_of((await self.view(interaction, press.key)).detail)
            checked(channel, say_for(interaction), {"form": plan.form})
            await self._go_on(interaction, answer, press.key, channel_id=str(channel.id))

    @control("set_tags")
    async def choose_tags(self, interaction: Interaction, press: Press) -> None:
        """Take the tags."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            names = await self._names(interaction, "tag", press.values)
            await self._go_on(interaction, answer, press.key, tags=names)

    @control("set_sources")
    async def choose_sources(self, interaction: Interaction, press: Press) -> None:
        """Take the sources."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            names = await self._names(interaction, "source", press.values)
            await self._go_on(interaction, answer, press.key, sources=names)

    @control("set_form")
    async def choose_form(self, interaction: Interaction, press: Press) -> None:
        """Take the look."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            form = press.values[0] if press.values else ""
            plan = plan_of((await self.view(interaction, press.key)).detail)
            if plan.channel_id:
                channel = await channel_of(interaction, plan.channel_id)
                checked(channel, say_for(interaction), {"form": form})
            await self._go_on(
                interaction, answer, press.key, form=form if form in FORMS else FORMS[0]
            )

    @control("set_copies")
    async def choose_copies(self, interaction: Interaction, press: Press) -> None:
        """Change between a story once and every wire copy of it."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            plan = plan_of((await self.view(interaction, press.key)).detail)
            await self._go_on(interaction, answer, press.key, copies=not plan.copies)

    @control("set_words")
    async def ask_words(self, interaction: Interaction, press: Press) -> None:
        """Ask for words in a form."""
        require_moderator(interaction)
        plan = plan_of((await self.view(interaction, press.key)).detail)
        words = plan.typed or plan.words
        form = WordsForm(self, press.key, say_for(interaction), words[:WORDS_CHARS])
        await interaction.response.send_modal(form)

    @control("set_mend")
    async def use_mend(self, interaction: Interaction, press: Press) -> None:
        """Take the words as the mend has them."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            plan = plan_of((await self.view(interaction, press.key)).detail)
            error = _trouble(plan.typed)
            mended = error.mend if error is not None and error.mend else plan.typed
            words = str(language.parse_strict(mended))
            await self._go_on(interaction, answer, press.key, words=words, typed="")

    @control("set_done")
    async def done(self, interaction: Interaction, press: Press) -> None:
        """Subscribe the channel, everything checked once more."""
        guild_id = require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            say, now = say_for(interaction), self.client.ports.now()
            plan = plan_of((await self.view(interaction, press.key)).detail)
            channel = await channel_of(interaction, plan.channel_id)
            look: dict[str, object] = {} if plan.form == FORMS[0] else {"form": plan.form}
            kind = checked(channel, say, look)
            made = await self.store.subscriptions.add(
                kind,
                guild_id,
                channel.id,
                str(plan.query),
                interaction.user.id,
                now,
                look=look,
                rhythm={"copies": True} if plan.copies else None,
                most=self._most(),
            )
            told = [
                say("cogs.subscribed", channel=channel.mention, query=self._query(made, say)),
                text_note(kind, look, say, digest=False),
                say("cogs.setup_next"),
            ]
            await answer.edit(render.notice("\n".join(line for line in told if line)))

    async def take_words(self, interaction: Interaction, key: str, typed: str) -> None:
        """Take the words of the form; of words that cannot be read the message says why."""
        require_moderator(interaction)
        async with answering(interaction, private=True) as answer:
            if _trouble(typed) is not None:
                await self._go_on(interaction, answer, key, typed=typed)
                return
            words = str(language.parse_strict(typed)) if typed.strip() else ""
            await self._go_on(interaction, answer, key, words=words, typed="")

    async def _names(
        self, interaction: Interaction, what: What, values: Sequence[str]
    ) -> list[str]:
        scope = scope_of(interaction)
        found = [await self.store.names.by_id(what, id_of(value), scope) for value in values]
        return [name.name for name in found]

    async def _go_on(
        self, interaction: Interaction, answer: Answer, key: str, **chosen: object
    ) -> None:
        before = (await self.view(interaction, key)).detail
        await answer.edit(await self._drawn(interaction, plan_of({**before, **chosen})))

    async def _drawn(self, interaction: Interaction, plan: Plan) -> ui.LayoutView:
        say, scope = say_for(interaction), scope_of(interaction)
        now, user_id = self.client.ports.now(), interaction.user.id
        key = await self.store.views.put("setup", "", scope, user_id, now, detail=plan.detail())
        error = _trouble(plan.typed)
        parts: list[ui.Item[Any]] = [ui.TextDisplay(_told(plan, say))]
        parts.append(ui.TextDisplay(await self._forecast(interaction, plan, say)))
        if error is not None:
            parts += render.error_parts(error, say, key, query=plan.typed, verb="set_mend")
        guild = interaction.guild
        there = guild is not None and guild.get_channel_or_thread(plan.channel_id) is not None
        menus = [
            channel_menu(
                say("cogs.setup_channel_menu"), "set_channel", key, plan.channel_id if there else 0
            ),
            *await self._names_menus(scope, plan, key, say),
            menu(say("cogs.edit_look"), _forms(plan, say), "set_form", key),
        ]
        ready = bool(plan.channel_id and plan.query.root is not None and error is None)
        parts += [ui.ActionRow(each) for each in menus]
        parts.append(ui.ActionRow(*_moves(plan, key, say, ready=ready)))
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.Container(*parts))
        return view

    async def _names_menus(self, scope: Scope, plan: Plan, key: str, say: Say) -> list[Control]:
        menus: list[Control] = []
        offered: tuple[tuple[What, tuple[str, ...]], ...] = (
            ("tag", plan.tags),
            ("source", plan.sources),
        )
        for what, chosen in offered:
            found = await self._offered(what, chosen, scope)
            if found:
                options = _options(found, chosen, say)
                placeholder = say(f"cogs.setup_{what}_menu")
                menus.append(menu(placeholder, options, f"set_{what}s", key, any_of=True))
        return menus

    async def _offered(self, what: What, chosen: Sequence[str], scope: Scope) -> list[Name | Tag]:
        """Return what a menu offers: what is chosen stays in it, whatever is in favour now."""
        found: list[Name | Tag] = list(
            await self.store.names.suggest(what, "", scope, limit=OFFERED)
        )
        shown = {each.name for each in found}
        for name in chosen:
            if name not in shown:
                same = await self.store.names.suggest(what, name, scope, limit=OFFERED)
                found = [*(each for each in same if each.name == name), *found]
        kept = [each for each in found if each.name in chosen]
        return [*kept, *(each for each in found if each.name not in chosen)][:OFFERED]

    async def _forecast(self, interaction: Interaction, plan: Plan, say: Say) -> str:
        if plan.query.root is None:
            return say("cogs.setup_choose")
        scope, now = scope_of(interaction), self.client.ports.now()
        month = language.narrow(plan.query, BACK_TEST)
        total = (await self.store.articles.search(month, scope, now=now, limit=1)).total
        week = round(total * DAYS_A_WEEK / DAYS_TESTED)
        often = say("cogs.setup_week", count=week) if week else say("cogs.setup_month", count=total)
        newest = language.narrow(plan.query, sort="new")
        page = await self.store.articles.search(newest, scope, now=now, limit=LATELY)
        if not page.hits:
            return say("cogs.back_test_none")
        lines = [often, say("cogs.back_test_last")]
        return "\n".join([*lines, *(f"- {inert(hit.title, 120, 360)}" for hit in page.hits)])


class WordsForm(ui.Modal):
    """A form of one line: the words an article must have."""

    def __init__(self, cog: SetupCog, key: str, say: Say, words: str) -> None:
        super().__init__(title=say("cogs.setup_words"))
        self._cog, self._key = cog, key
        self.words: ui.TextInput[Any] = ui.TextInput(
            required=False, max_length=WORDS_CHARS, default=words or None
        )
        label = say("cogs.setup_words_label")
        hint = say("cogs.setup_words_hint")
        self.add_item(ui.Label(text=label, description=hint, component=self.words))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Take what was typed."""
        interaction.client.begin(interaction)
        await self._cog.take_words(interaction, self._key, self.words.value)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:  # type: ignore[override]
        """Draw what cannot be read, for the asker alone."""
        await draw_error(interaction, error)


def _trouble(typed: str) -> QueryError | None:
    """Return why words cannot be read, if they cannot."""
    try:
        language.parse_strict(typed)
    except QueryError as error:
        return error
    return None


def _forms(plan: Plan, say: Say) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(label=say(f"cogs.look_{form}"), value=form, default=form == plan.form)
        for form in FORMS
    ]


def _moves(plan: Plan, key: str, say: Say, *, ready: bool) -> list[Control]:
    style = discord.ButtonStyle.success
    return [
        button(say("cogs.setup_words"), "set_words", key),
        button(say(_copies_key(plan)), "set_copies", key),
        button(say("cogs.setup_done"), "set_done", key, style=style, disabled=not ready),
        button(say("chat.cancel"), "cancel", key),
    ]


def _copies_key(plan: Plan) -> str:
    return "cogs.setup_copies_all" if plan.copies else "cogs.setup_copies_once"


def _told(plan: Plan, say: Say) -> str:
    query = render.query_text(str(plan.query), say) if plan.query.root else say("cogs.value_none")
    place = f"<#{plan.channel_id}>" if plan.channel_id else say("cogs.value_none")
    return say("cogs.setup_told", channel=place, query=query)


def _options(
    found: Sequence[Name | Tag], chosen: Sequence[str], say: Say
) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=option_text(name.name, "…"),
            value=str(name.id),
            description=say("chat.count", count=name.count),
            default=name.name in chosen,
        )
        for name in found
    ]


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(SetupCog(client))
