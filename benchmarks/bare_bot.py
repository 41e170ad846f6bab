"""The peer: the shortest idiomatic discord.py bot, whose one command answers a constant."""

from __future__ import annotations

import os

import discord
from discord import app_commands

CONSTANT = "Tag Archives: UN"


class BareBot(discord.AutoShardedClient):
    """A client with one command."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        """Register the command."""
        await self.tree.sync()


def main() -> None:
    """Log in to the Discord that the environment names."""
    discord.http.Route.BASE = os.environ["TAGWIRE_DISCORD_API"]
    bot = BareBot()

    @bot.tree.command(name="constant", description="Answers a constant")
    async def constant(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(CONSTANT)

    bot.run(os.environ["TAGWIRE_TOKEN"], log_handler=None)


if __name__ == "__main__":
    main()
