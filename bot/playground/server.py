"""The whole loopback Discord on one port of 127.0.0.1: REST, gateway, page and feed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.playground import keep, rest, seed
from bot.playground.clock import Clock, RealClock, Snowflakes
from bot.playground.feed import Feed, Item, sample_pool
from bot.playground.gateway import Gateway
from bot.playground.hub import Hub, new_token
from bot.playground.imports import Imports
from bot.playground.interactions import Interactions
from bot.playground.pages import Pages
from bot.playground.rest.context import GATEWAY, HUB, INTERACTIONS
from bot.playground.rest.gate import gate
from bot.playground.socket import PageSockets
from bot.playground.tracing import Tracing
from bot.playground.trouble import Bench
from bot.playground.world import World

HOST = "127.0.0.1"
SHUTDOWN_S = 1.0
BODY_BYTES = 32 * 1024 * 1024


class Server:
    """One Discord with one guild, for one bot; an async context manager."""

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Clock | None = None,
        world: World | None = None,
        ids: Snowflakes | None = None,
        token: str = "",
        pool: Sequence[Item] | None = None,
        page_token: str = "",
    ) -> None:
        self.clock = clock or RealClock()
        ids = ids or Snowflakes(self.clock)
        world = world or seed.first_world(ids, self.clock)
        ids.raise_to(keep.newest_id(world))
        self.hub = Hub(world, self.clock, token or f"playground.{new_token()}", ids)
        self.gateway = Gateway(self.hub)
        self.interactions = Interactions(self.hub)
        self.faults = self.hub.faults
        self.feed = Feed(self.hub, sample_pool() if pool is None else pool)
        self.tracing = Tracing(self.hub, self.interactions)
        self.bench = Bench(self.hub, self.gateway, self.feed, self.tracing)
        self.sockets = PageSockets(self.hub, self.interactions, self.bench)
        self.page_token = page_token or new_token()
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def world(self) -> World:
        """Return the state."""
        return self.hub.world

    @property
    def token(self) -> str:
        """Return the token that the bot must bring."""
        return self.hub.token

    @property
    def address(self) -> str:
        """Return where the server listens: http://127.0.0.1:PORT."""
        return self.hub.address

    @property
    def api(self) -> str:
        """Return the base address of the REST API."""
        return f"{self.address}/api/v10"

    @property
    def page_url(self) -> str:
        """Return the page's address with its token."""
        return f"{self.address}/?t={self.page_token}"

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the variables under which a bot's process finds this Discord."""
        return {
            "TAGWIRE_TOKEN": self.token,
            "TAGWIRE_DISCORD_API": self.api,
            "TAGWIRE_ALLOW_PRIVATE_FEEDS": "1",
            "TAGWIRE_DATA": str(folder),
            # A .env with a real token must not reach the playground's bot.
            "TAGWIRE_HOME": str(folder),
        }

    async def start(self) -> None:
        """Listen; the port is then known."""
        api = web.Application(middlewares=[gate])
        rest.add_routes(api)
        app = web.Application(client_max_size=BODY_BYTES)
        app[HUB], app[GATEWAY], app[INTERACTIONS] = self.hub, self.gateway, self.interactions
        app.router.add_get("/gateway", self.gateway.connect)
        app.router.add_get("/gateway/", self.gateway.connect)
        app.add_subapp("/api/v10", api)
        imports = Imports(self.hub, self.bench)
        Pages(self.hub, self.page_token, self.sockets, imports).add_routes(app)
        self.feed.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.hub.address = f"http://{HOST}:{port}"

    async def close(self) -> None:
        """Stop listening and end every connection."""
        self.faults.closing.set()
        await self.bench.checks.close()
        await self.sockets.close()
        await self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_for_bot(self, timeout_s: float = 10.0) -> None:
        """Return when a bot is connected; raises TimeoutError."""
        await asyncio.wait_for(self.gateway.online.wait(), timeout_s)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
