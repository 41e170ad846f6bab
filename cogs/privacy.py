"""/privacy: what is kept of a member, shown and erased."""

from __future__ import annotations

from collections.abc import Sequence

from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.escape import inert
from bot.chat.room import Say
from bot.chat.view_keys import Press, control, id_of
from bot.chat.words import worded
from bot.errors import NotFoundError
from cogs.asking import Interaction, TagwireCog


class PrivacyCog(TagwireCog):
    """Answers for a member's own data, to that member alone."""

    privacy = app_commands.Group(
        name="privacy",
        description=worded("cogs.privacy_description"),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )

    @privacy.command(name="show", description=worded("cogs.privacy_show_description"))
    async def show(self, interaction: Interaction) -> None:
        """Show what is kept of the asker."""
        async with answering(interaction, private=True) as answer:
            say, user_id = say_for(interaction), interaction.user.id
            kept = await self.store.members.kept(user_id)
            lines = [
                say("cogs.privacy_saves", count=kept.saves),
                say("cogs.privacy_follows", count=kept.follows),
                *(
                    f"- {render.query_text(one.query, say)}"
                    for one in await self.store.subscriptions.follows(user_id)
                ),
                say("cogs.privacy_views", count=kept.views),
                *_names(kept.names, say),
                say("cogs.privacy_rest"),
            ]
            await answer.show(render.listing(say("cogs.privacy_heading"), lines, say))

    @privacy.command(name="erase", description=worded("cogs.privacy_erase_description"))
    async def erase(self, interaction: Interaction) -> None:
        """Ask whether to erase what is kept of the asker."""
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            ask = say("cogs.privacy_ask")
            key = str(interaction.user.id)
            await answer.show(render.question(ask, "erase", key, say, danger=True))

    @control("erase")
    async def erase_confirmed(self, interaction: Interaction, press: Press) -> None:
        """Erase what is kept of the presser."""
        async with answering(interaction, private=True) as answer:
            if id_of(press.key) != interaction.user.id:
                raise NotFoundError("chat.control_lost")
            await self.store.members.erase(interaction.user.id)
            await answer.edit(render.notice(say_for(interaction)("cogs.privacy_erased")))


def _names(names: Sequence[str], say: Say) -> list[str]:
    told = ", ".join(inert(name, 80, 240) for name in names)
    return [say("cogs.privacy_names", count=len(names), names=told)] if names else []


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(PrivacyCog(client))
