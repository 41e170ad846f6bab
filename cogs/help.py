"""/help: what can be asked, with examples, for the asker alone."""

from __future__ import annotations

from discord import app_commands

from bot.chat import render
from bot.chat.answer import answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.permissions import is_moderator
from bot.chat.words import worded
from cogs.asking import Interaction, TagwireCog


class HelpCog(TagwireCog):
    """The help command."""

    @app_commands.command(name="help", description=worded("cogs.help_description"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def help(self, interaction: Interaction) -> None:
        """Say what the commands do and how a query is written."""
        async with answering(interaction, private=True) as answer:
            say = say_for(interaction)
            text = say("cogs.help_members")
            if is_moderator(interaction):
                text += "\n" + say("cogs.help_moderators")
            text += "\n" + say("cogs.help_query")
            await answer.show(render.notice(text))


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(HelpCog(client))
