"""/follow: a member's own queries, answered by direct message."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.page import option_text
from bot.chat.view_keys import NO_KEY, Press, button, control, id_of, menu
from bot.chat.words import worded
from bot.errors import NotFoundError, QueryError, TagwireError
from bot.model import PUBLIC_SCOPE, Subscription
from bot.query import language
from cogs.asking import Interaction, TagwireCog

FOLLOWS = 25


class FollowCog(TagwireCog):
    """Follows read the public archive alone: a direct message belongs to no server."""

    follow = app_commands.Group(
        name="follow",
        description=worded("cogs.follow_description"),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )

    @follow.command(name="query", description=worded("cogs.follow_query_description"))
    @app_commands.describe(
        query=worded("cogs.follow_query_option"), when=worded("cogs.follow_when")
    )
    @app_commands.choices(
        when=[
            app_commands.Choice(name=worded("cogs.when_once"), value="once"),
            app_commands.Choice(name=worded("cogs.when_daily"), value="daily"),
        ]
    )
    async def add(
        self,
        interaction: Interaction,
        query: app_commands.Range[str, 1, 1000],
        when: str | None = None,
    ) -> None:
        """Send new matches to the asker by direct message."""
        async with answering(interaction, private=True) as answer:
            say, user = say_for(interaction), interaction.user
            try:
                read = str(language.parse_strict(query))
            except QueryError as error:
                await answer.show(render.query_failure(error, query, say))
                return
            own = await self.store.subscriptions.follows(user.id)
            same = next((one for one in own if one.query == read), None)
            if same is None and len(own) >= FOLLOWS:
                raise TagwireError("cogs.follows_full", count=FOLLOWS)
            channel_id = await direct_channel(user)
            rhythm = {"mode": "daily"} if when == "daily" else {}
            await self.store.subscriptions.follow(
                user.id,
                channel_id,
                read,
                self.client.ports.now(),
                scope=PUBLIC_SCOPE,
                rhythm=rhythm,
                language=str(interaction.locale),
            )
            shown = render.query_text(read, say)
            key = "cogs.followed_daily" if rhythm else "cogs.followed"
            if same is not None and same.rhythm.get("mode") == rhythm.get("mode"):
                key = "cogs.followed_before"
            await answer.show(render.notice(say(key, query=shown)))

    @follow.command(name="list", description=worded("cogs.follow_list_description"))
    async def listed(self, interaction: Interaction) -> None:
        """List what the asker follows, with a menu to stop."""
        async with answering(interaction, private=True) as answer:
            await answer.show(await self._list(interaction))

    @follow.command(name="stop", description=worded("cogs.follow_stop_description"))
    @app_commands.describe(query=worded("cogs.follow_stop_option"))
    async def stop(self, interaction: Interaction, query: app_commands.Range[str, 1, 1000]) -> None:
        """Stop following a query."""
        async with answering(interaction, private=True) as answer:
            for one in await self.store.subscriptions.follows(interaction.user.id):
                if query.strip() in (f"follow:{one.id}", one.query):
                    await answer.show(await self._stop(interaction, (one.id,)))
                    return
            raise NotFoundError("cogs.no_such_follow", typed=query)

    @stop.autocomplete("query")
    async def followed(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest what the asker follows."""
        say, folded = say_for(interaction), typed.casefold().strip()
        found = await self.store.subscriptions.follows(interaction.user.id)
        named = [(one.query or say("chat.everything"), one.id) for one in found]
        return [
            app_commands.Choice(name=option_text(name, "…"), value=f"follow:{number}")
            for name, number in named
            if folded in name.casefold()
        ][:25]

    @control("unfollow")
    async def unfollow(self, interaction: Interaction, press: Press) -> None:
        """Stop what is chosen in the list, or what a direct message came from."""
        async with answering(interaction, private=True) as answer:
            ids = tuple(id_of(value) for value in press.values)
            if not ids:
                members = self.store.members
                ids = await members.follows_of_post(id_of(press.key), interaction.user.id)
            if not ids:
                raise NotFoundError("cogs.not_followed")
            await answer.show(await self._stop(interaction, ids), private=True)

    @control("refollow")
    async def refollow(self, interaction: Interaction, press: Press) -> None:
        """Try direct messages again after they had been closed."""
        async with answering(interaction, private=True) as answer:
            for one in await self.store.subscriptions.follows(interaction.user.id):
                await self.store.outbox.resume_target(
                    one.target.channel_id, self.client.ports.now()
                )
            await answer.edit(await self._list(interaction))

    async def _stop(self, interaction: Interaction, ids: tuple[int, ...]) -> discord.ui.LayoutView:
        say, user_id = say_for(interaction), interaction.user.id
        ended = [await self.store.members.unfollow(one, user_id) for one in ids]
        lines = [say("cogs.unfollowed", query=render.query_text(query, say)) for query in ended]
        return render.notice("\n".join(lines))

    async def _list(self, interaction: Interaction) -> discord.ui.LayoutView:
        say = say_for(interaction)
        found = await self.store.subscriptions.follows(interaction.user.id)
        if not found:
            return render.notice(say("cogs.follows_none"))
        daily = say("cogs.when_daily")
        lines = [_line(one, daily, render.query_text(one.query, say)) for one in found]
        closed = any(one.target.paused_reason for one in found)
        moves = [button(say("cogs.try_again"), "refollow")] if closed else []
        if closed:
            # Said here, it need not be said again after the next command.
            await self.store.members.claim_closed(interaction.user.id, self.client.ports.now())
            lines.insert(0, say("cogs.direct_closed"))
        view = render.listing(say("cogs.follows_heading"), lines, say, moves)
        options = [
            discord.SelectOption(
                label=option_text(one.query, say("chat.everything")), value=str(one.id)
            )
            for one in found
        ]
        row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(
            menu(say("cogs.follow_stop_menu"), options, "unfollow", NO_KEY)
        )
        container = view.children[0]
        if isinstance(container, discord.ui.Container):
            container.add_item(row)
        return view


def _line(one: Subscription, daily: str, query: str) -> str:
    return f"- **{query}**" + (f" · {daily}" if one.rhythm.get("mode") == "daily" else "")


async def direct_channel(user: discord.User | discord.Member) -> int:
    """Return the member's direct channel. Raises TagwireError where they take no messages."""
    try:
        return (await user.create_dm()).id
    except discord.HTTPException:
        raise TagwireError("cogs.direct_closed") from None


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(FollowCog(client))
