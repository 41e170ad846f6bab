"""A small discord.py bot for the page's tests: one command of each way to answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import discord
from discord import app_commands, ui

from bot.playground.server import Server

Asked = discord.Interaction[Any]
NAMES = ("Climate", "Coast", "Energy")


class Digest(ui.Modal, title="New digest"):
    """A form with several kinds of input."""

    name: ui.Label[Any] = ui.Label(text="Name", component=ui.TextInput())
    pace: ui.Label[Any] = ui.Label(
        text="Pace",
        component=ui.RadioGroup(
            options=[
                discord.RadioGroupOption(label="Daily", value="d"),
                discord.RadioGroupOption(label="Weekly", value="w"),
            ]
        ),
    )

    logo: ui.Label[Any] = ui.Label(text="Logo", component=ui.FileUpload(required=False))

    async def on_submit(self, interaction: Asked) -> None:
        name, pace, logo = self.name.component, self.pace.component, self.logo.component
        assert isinstance(name, ui.TextInput) and isinstance(pace, ui.RadioGroup)
        assert isinstance(logo, ui.FileUpload)
        files = [f", {file.filename}: {(await file.read()).decode()}" for file in logo.values]
        said = f"Digest {name.value}, {pace.value}{''.join(files)}"
        await interaction.response.send_message(said)


class Pages(ui.LayoutView):
    """Two pages of an answer with a menu that opens one for the reader alone."""

    def __init__(self, words: str, page: int = 1) -> None:
        super().__init__()
        heading = ui.TextDisplay[Any](f"## {words}, page {page}\n-# from **the archive**")
        turn = ui.Button[Any](label="Next", style=discord.ButtonStyle.primary)
        menu = ui.Select[Any](placeholder="Read…")
        for name in NAMES:
            menu.add_option(label=name)

        async def turned(interaction: Asked) -> None:
            await interaction.response.edit_message(view=Pages(words, page + 1))

        async def chosen(interaction: Asked) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await asyncio.sleep(0.3)
            await interaction.edit_original_response(content=f"**{menu.values[0]}** is read")

        turn.callback, menu.callback = turned, chosen  # type: ignore[method-assign]
        self.add_item(ui.Container(heading, ui.ActionRow(menu), ui.ActionRow(turn)))


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    """Declare the bot's commands."""

    @tree.command(description="Read by tag")
    @app_commands.describe(name="The tag")
    async def tag(interaction: Asked, name: str) -> None:
        await interaction.response.send_message(view=Pages(name))

    @tag.autocomplete("name")
    async def names(_: Asked, typed: str) -> list[app_commands.Choice[str]]:
        hits = [name for name in NAMES if typed.lower() in name.lower()]
        return [app_commands.Choice(name=name, value=name) for name in hits]

    @tree.command(description="Fill in a form")
    async def digest(interaction: Asked) -> None:
        await interaction.response.send_modal(Digest())

    @tree.command(description="Take a file")
    async def take(interaction: Asked, file: discord.Attachment, note: str | None = None) -> None:
        content = (await file.read()).decode()
        await interaction.response.send_message(f"{file.filename}: {content} {note or ''}")

    @tree.command(description="A person, a role")
    async def who(
        interaction: Asked,
        member: discord.Member,
        role: discord.Role,
        either: discord.Member | discord.Role | None = None,
    ) -> None:
        kind = "role" if isinstance(either, discord.Role) else "person"
        said = f"{member.name} is named with {role.name} and the {kind} {either}"
        await interaction.response.send_message(f"A person, a role: {said}")

    @tree.command(description="Say nothing")
    async def silent(_: Asked) -> None:
        return

    @tree.command(description="For moderators")
    @app_commands.default_permissions(manage_guild=True)
    async def watch(interaction: Asked, channel: discord.TextChannel) -> None:
        await channel.send("Posted by **the bot**")
        await interaction.response.send_message("Done", ephemeral=True)


@contextlib.asynccontextmanager
async def connected(server: Server) -> AsyncIterator[discord.Client]:
    """Log a bot in to a server, with its commands registered."""
    client: discord.Client = discord.AutoShardedClient(intents=discord.Intents(guilds=True))
    tree = app_commands.CommandTree(client)
    add_commands(tree)
    await client.login(server.token)
    await tree.sync()
    running = asyncio.create_task(client.connect())
    await server.wait_for_bot()
    try:
        yield client
    finally:
        await client.close()
        await running
