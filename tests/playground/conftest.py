"""A running loopback Discord, a bot on discord.py connected to it, and bare requests to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.playground.clock import HandClock
from bot.playground.driver import Driver
from bot.playground.feed import Item
from bot.playground.server import Server

POOL = tuple(
    Item(f"Item {name}", ("Ada Reed",), "Loop Wire", ("UN", "Tides"), ("First.", "Second."))
    for name in ("one", "two", "three")
)


@dataclass(frozen=True, slots=True)
class Got:
    """An answer to a bare request."""

    status: int
    body: Any
    headers: dict[str, str]

    def codes(self) -> set[str]:
        """Return every code in the tree of errors, with its path."""
        found: set[str] = set()

        def visit(node: Any, path: str) -> None:
            for key, value in node.items():
                if key == "_errors":
                    found.update(f"{path}:{error['code']}" for error in value)
                else:
                    visit(value, f"{path}.{key}".strip("."))

        visit(self.body.get("errors", {}), "")
        return found


Api = Callable[..., Awaitable[Got]]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(pool=POOL) as running:
        yield running


@pytest.fixture
async def still_server() -> AsyncIterator[Server]:
    """A server whose time stands still until its clock is advanced."""
    async with Server(pool=POOL, clock=HandClock()) as running:
        yield running


def api_of(server: Server, session: aiohttp.ClientSession) -> Api:
    async def ask(method: str, path: str, form: Any = None, **more: Any) -> Got:
        headers = {"Authorization": f"Bot {server.token}"} | more.pop("headers", {})
        async with session.request(
            method, server.api + path, json=form, headers=headers, **more
        ) as answer:
            body = await (
                answer.json() if answer.content_type == "application/json" else answer.text()
            )
            return Got(answer.status, body, dict(answer.headers))

    return ask


@pytest.fixture
async def api(server: Server) -> AsyncIterator[Api]:
    """Bare requests with the bot's token, without the limits of rates."""
    server.hub.limiter.enabled = False
    async with aiohttp.ClientSession() as session:
        yield api_of(server, session)


@pytest.fixture
async def still_api(still_server: Server) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield api_of(still_server, session)


class Pages(ui.LayoutView):
    """An answer in Components V2 with a button and a menu."""

    def __init__(self, title: str) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(ui.TextDisplay(f"# {title}"), accent_colour=0x3366CC))
        row: ui.ActionRow[Any] = ui.ActionRow()
        following: ui.Button[Any] = ui.Button(label="Next", custom_id="next")
        following.callback = self.turn  # type: ignore[method-assign]
        row.add_item(following)
        self.add_item(row)
        second: ui.ActionRow[Any] = ui.ActionRow()
        options = [discord.SelectOption(label=f"Article {n}", value=str(n)) for n in range(3)]
        menu: ui.Select[Any] = ui.Select(placeholder="Read…", custom_id="read", options=options)
        menu.callback = self.read  # type: ignore[method-assign]
        second.add_item(menu)
        self.add_item(second)

    async def turn(self, interaction: discord.Interaction) -> None:
        view = ui.LayoutView()
        view.add_item(ui.TextDisplay("Page two"))
        await interaction.response.edit_message(view=view)

    async def read(self, interaction: discord.Interaction) -> None:
        assert interaction.data is not None
        chosen = interaction.data["values"][0]  # type: ignore[typeddict-item]
        await interaction.response.send_message(f"Article {chosen} in full", ephemeral=True)


class Form(ui.Modal, title="Look"):
    """A form with one text field, one menu and an input for files under labels."""

    name: ui.Label[Any] = ui.Label(text="Name", component=ui.TextInput(custom_id="name"))
    kind: ui.Label[Any] = ui.Label(
        text="Kind",
        component=ui.Select(
            custom_id="kind", options=[discord.SelectOption(label="Card", value="card")]
        ),
    )

    files: ui.Label[Any] = ui.Label(
        text="Files", component=ui.FileUpload(custom_id="files", required=False, max_values=2)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        name, kind, files = self.name.component, self.kind.component, self.files.component
        assert isinstance(name, ui.TextInput)
        assert isinstance(kind, ui.Select)
        assert isinstance(files, ui.FileUpload)
        with_files = [f" with {file.filename}: {await file.read()!r}" for file in files.values]
        said = f"{name.value} as {kind.values[0]}{''.join(with_files)}"
        await interaction.response.send_message(said)


class SampleBot(discord.Client):
    """A bot with a command of every sort that the playground has to carry."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.resumed = 0
        add_commands(self.tree)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_resumed(self) -> None:
        self.resumed += 1


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    @tree.command()
    async def tag(interaction: discord.Interaction, name: str) -> None:
        """Show what carries a tag."""
        await interaction.response.send_message(view=Pages(name))

    @tag.autocomplete("name")
    async def names(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{typed} (3)", value=typed)]

    @tree.command()
    async def slow(interaction: discord.Interaction, hidden: bool = False) -> None:
        """Answer after thinking."""
        await interaction.response.defer(ephemeral=hidden)
        await asyncio.sleep(0.05)
        await interaction.followup.send("Thought about it")

    @tree.command()
    async def form(interaction: discord.Interaction) -> None:
        """Open a form."""
        await interaction.response.send_modal(Form())

    @tree.command()
    async def silent(_: discord.Interaction) -> None:
        """Never answer."""

    @tree.command()
    async def where(
        interaction: discord.Interaction, channel: discord.TextChannel, who: discord.Member
    ) -> None:
        """Name a channel and a member."""
        allowed = interaction.permissions.manage_guild
        text = f"{channel.name} {who.name} {allowed}"
        await interaction.response.send_message(text, ephemeral=True)

    group = app_commands.Group(
        name="desk",
        description="For moderators",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @group.command()
    async def pause(interaction: discord.Interaction) -> None:
        """Pause the desk."""
        await interaction.response.send_message("Paused")

    tree.add_command(group)

    @tree.context_menu(name="Why this?")
    async def why(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"Because of {message.id}", ephemeral=True)


Connect = Callable[[Server, discord.Client], Awaitable[asyncio.Task[None]]]


@pytest.fixture
async def connect(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    """Start clients of discord.py against a server; they are closed at the end."""
    started: list[tuple[discord.Client, asyncio.Task[None]]] = []

    async def begin(server: Server, client: discord.Client) -> asyncio.Task[None]:
        monkeypatch.setattr(Route, "BASE", server.api)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway.url))
        task = asyncio.create_task(client.start(server.token))
        started.append((client, task))
        await server.wait_for_bot()
        await client.wait_until_ready()
        return task

    yield begin
    for client, task in started:
        await client.close()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bot(server: Server, connect: Connect) -> SampleBot:
    client = SampleBot()
    await connect(server, client)
    return client


@pytest.fixture
def driver(server: Server) -> Driver:
    return Driver(server)
