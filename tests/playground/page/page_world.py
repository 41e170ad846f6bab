"""A stand-in for the playground's server: the page's socket with example data of every kind."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from tests.playground.page.examples import (
    BOT,
    COMMANDS,
    GENERAL,
    GUILD,
    MINA,
    NEWSROOM,
    RAVI,
    article,
    bot_user,
    channels,
    container,
    entry,
    form,
    listing,
    now_text,
    pager,
    text,
    trace,
)

Json = dict[str, Any]
PAGE = Path(__file__).parents[3] / "bot" / "playground" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'"
)
DISCORD_EPOCH_MS = 1_420_070_400_000


class PageWorld:
    """Hold example state and answer the page's questions; `heard` keeps what it asked."""

    def __init__(self) -> None:
        self.heard: list[Json] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.numbers = itertools.count(1)
        self.me = MINA
        self.messages: dict[str, list[Json]] = {}
        self.channels = channels()
        self.late: asyncio.Event | None = None
        self.refuses = False
        self.refused = 0
        self.brought: list[tuple[str, str]] = []
        self.news = asyncio.Event()
        self.address = ""
        self.tasks: set[asyncio.Task[None]] = set()

    async def bring(self, request: web.Request) -> web.Response:
        """Import what is brought, all but what is called bad."""
        what = request.query.get("address") or request.query.get("name", "")
        self.brought.append((what, await request.text()))
        if "bad" in what:
            return web.json_response({"ok": False, "error": f"{what} holds no articles."})
        problems = ["line 3: an article without a title"]
        says = "12 articles read: 12 new, 0 updated, 0 unchanged."
        return web.json_response({"ok": True, "says": says, "problems": problems})

    def on_server(self, _: Json) -> None:
        """Take note of the server that is wanted."""

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        if self.refuses:
            self.refused += 1
            self.news.set()
            raise web.HTTPServiceUnavailable
        line = web.WebSocketResponse()
        await line.prepare(request)
        self.sockets.append(line)
        async for data in line:
            if data.type is WSMsgType.TEXT:
                asked = json.loads(data.data)
                self.heard.append(asked)
                self.news.set()
                task = asyncio.create_task(self.answer(line, asked))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
        self.sockets.remove(line)
        return line

    async def answer(self, line: web.WebSocketResponse, asked: Json) -> None:
        handler: Callable[[Json], Any] = getattr(self, f"on_{asked['op']}")
        try:
            result = handler(asked)
            if asyncio.iscoroutine(result):
                result = await result
            reply = {"re": asked["n"], "ok": True, **(result or {})}
        except ValueError as error:
            reply = {"re": asked["n"], "ok": False, "error": str(error)}
        if not line.closed:
            await line.send_json(reply)

    async def asked(self, op: str, fits: Callable[[Json], bool] = lambda _: True) -> Json:
        """Wait until the page asks this; gives the question, raises TimeoutError after 5 s."""
        async with asyncio.timeout(5):
            while not (found := [a for a in self.heard if a["op"] == op and fits(a)]):
                self.news.clear()
                await self.news.wait()
        return found[0]

    async def refusal(self, count: int) -> None:
        """Wait until the page was refused so many times; raises TimeoutError after 5 s."""
        async with asyncio.timeout(5):
            while self.refused < count:
                self.news.clear()
                await self.news.wait()

    async def push(self, event: str, **fields: Any) -> None:
        """Send an event to every open page."""
        for line in list(self.sockets):
            await line.send_json({"event": event, **fields})

    def later(self, event: str, wait_s: float = 0.03, **fields: Any) -> None:
        async def go() -> None:
            await asyncio.sleep(wait_s)
            await self.push(event, **fields)

        task = asyncio.create_task(go())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def on_hello(self, _: Json) -> Json:
        return {
            "guild": {"id": GUILD, "name": "Tagwire Playground"},
            "locales": {"en-GB": "English", "fr": "Français"},
            "channels": list(self.channels.values()),
            "roles": [
                {"id": GUILD, "name": "@everyone", "permissions": "3072"},
                {"id": "400000000000000001", "name": "Moderators", "permissions": "48"},
            ],
            "users": [
                {"id": MINA, "username": "mina", "nick": "Mina", "moderator": False},
                {"id": RAVI, "username": "ravi", "nick": "Ravi", "moderator": True},
            ],
            "me": self.me,
            "bot": {"user": bot_user(), "online": True},
            "commands": COMMANDS,
            "unread": {NEWSROOM: 3},
            "servers": {
                "current": "quiet",
                "offered": [
                    {"id": "quiet", "name": "Quiet server", "description": "A sample"},
                    {"id": "large", "name": "Large archive", "description": "20,000 articles"},
                ],
            },
            "feeds": [{"name": "Sample feed", "url": "/feed/sample.xml"}],
        }

    def on_become(self, asked: Json) -> None:
        self.me = asked["user_id"]

    def on_language(self, asked: Json) -> Json:
        return {"name": {"fr": "Français"}[asked["locale"]]}

    def on_history(self, asked: Json) -> Json:
        held = self.messages.get(asked["channel_id"], [])
        before = asked.get("before")
        older = [m for m in held if before is None or int(m["id"]) < int(before)]
        return {"messages": older[-asked.get("limit", 50) :]}

    async def on_say(self, asked: Json) -> None:
        await self.post(asked["channel_id"], content=asked["text"], author=self.me)

    async def on_autocomplete(self, asked: Json) -> Json:
        typed = asked["options"][0]["value"]
        if typed == "stall":
            raise ValueError("Loading options failed")
        if typed == "c" and self.late:
            await self.late.wait()
        names = [("Climate", 41), ("Cities", 12), ("Coastal towns", 7), ("Energy", 22)]
        hits = [(n, c) for n, c in names if typed.lower() in n.lower()]
        return {"choices": [{"name": f"{n} · {c}", "value": f"tag:{n}"} for n, c in hits]}

    async def on_command(self, asked: Json) -> Json:
        interaction = str(next(self.numbers))
        found = next(c for c in COMMANDS if c["id"] == asked["command_id"])
        channel = asked["channel_id"]
        where = {"interaction_id": interaction, "channel_id": channel}
        name = found["name"]
        if name == "broken":
            self.later("interaction", **where, state="failed")
        elif name == "form":
            self.later("modal", interaction_id=interaction, modal=form())
        elif name == "slow":
            self.later("interaction", **where, state="thinking", ephemeral=False)
            self.later("message_create", 1.2, message=self.made(channel, components=[text("Done")]))
            self.later("interaction", 1.2, **where, state="answered")
        else:
            meta = {"id": interaction, "name": name, "user": {"id": self.me}}
            parts = listing(asked["options"])
            made = self.made(channel, components=parts, interaction_metadata=meta)
            self.later("message_create", message=made)
            self.later("interaction", **where, state="answered")
        self.later("trace", entry=trace("interaction", f"/{name}", asked.get("options")))
        self.later("trace", entry=trace("rest", f"POST /interactions/{interaction}/callback", None))
        return {"interaction_id": interaction}

    async def on_component(self, asked: Json) -> Json:
        interaction = str(next(self.numbers))
        message = next(
            m for held in self.messages.values() for m in held if m["id"] == asked["message_id"]
        )
        where = {"interaction_id": interaction, "channel_id": message["channel_id"]}
        if asked["custom_id"] == "broken":
            self.later("interaction", 0.1, **where, state="failed")
        elif asked["custom_id"] == "read":
            made = self.made(message["channel_id"], components=article(), flags=32768 | 64)
            self.later("message_create", message=made)
            self.later("interaction", **where, state="answered")
        else:
            page = [text(f"### Page 2\nasked by `{asked['custom_id']}`"), pager()]
            message |= {"components": [container(*page)], "edited_timestamp": now_text()}
            self.later("message_update", message=message)
            self.later("interaction", **where, state="answered")
        return {"interaction_id": interaction}

    def on_modal(self, asked: Json) -> Json:
        interaction = str(next(self.numbers))
        self.later("interaction", interaction_id=interaction, channel_id=GENERAL, state="answered")
        return {"interaction_id": interaction}

    def on_read(self, _: Json) -> None:
        """Take note that a channel is read."""

    def on_dismiss(self, asked: Json) -> None:
        for held in self.messages.values():
            held[:] = [m for m in held if m["id"] != asked["message_id"]]

    def on_publish(self, _: Json) -> Json:
        self.later("message_create", message=self.made(NEWSROOM, components=[container(*entry(1))]))
        self.later("trace", entry=trace("feed", "The sample feed gained an item", {"items": 1}))
        self.later("trace", entry=trace("post", "Posted in #newsroom", {"nonce": "a1b2"}))
        return {"title": "Harbour lights go out for the birds"}

    def on_trouble(self, asked: Json) -> Json:
        if asked["kind"] == "bot_kill":
            self.later("bot", online=False)
        says = f"What {asked['kind']} does: nothing is lost."
        check = {"id": next(self.numbers), "kind": asked["kind"], "says": says, "found": ""}
        self.later("check", check=check | {"state": "waiting"})
        found = {"state": "good", "found": "Seen: 2 tries (500, 200), one message."}
        self.later("check", 0.2, check=check | found)
        return {"says": says}

    def on_trace(self, _: Json) -> Json:
        return {"entries": []}

    def made(
        self, channel: str, author: str = BOT, at: datetime | None = None, **more: Any
    ) -> Json:
        """Store one message and give it."""
        at = at or datetime.now(UTC)
        ms = int(at.timestamp() * 1000) - DISCORD_EPOCH_MS
        user = bot_user() if author == BOT else {"id": author, "username": "person"}
        flags = 32768 if "components" in more else 0
        message = {
            "id": str((ms << 22) + next(self.numbers)),
            "channel_id": channel,
            "author": user,
            "timestamp": at.isoformat(),
            "edited_timestamp": None,
            "flags": flags,
            "content": "",
            "embeds": [],
            "attachments": [],
            "components": [],
            **more,
        }
        message["html"] = escape(message["content"])
        self.messages.setdefault(channel, []).append(message)
        return message

    async def post(self, channel: str, **more: Any) -> Json:
        """Store a message and show it to every open page."""
        message = self.made(channel, **more)
        await self.push("message_create", message=message)
        return message

    def fill(self, channel: str, count: int) -> None:
        """Give a channel a long past."""
        start = datetime.now(UTC) - timedelta(days=2)
        for n in range(count):
            at = start + timedelta(minutes=2 * n)
            self.made(channel, author=MINA if n % 3 else RAVI, at=at, content=f"Message {n}")


class Stage:
    """The web server that stays for all tests, and the world that is on it now."""

    def __init__(self) -> None:
        self.world = PageWorld()
        self.address = ""

    def app(self) -> web.Application:
        """Build the small web server."""
        app = web.Application()
        app.router.add_get("/", self.index)
        app.router.add_get("/page/socket", self.socket)
        app.router.add_get("/page/{name}", self.static)
        app.router.add_post("/page/import", self.bring)
        return app

    async def index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": POLICY})

    async def static(self, request: web.Request) -> web.StreamResponse:
        # One browser opens the same files in test after test.
        kept = {"Cache-Control": "max-age=3600"}
        return web.FileResponse(PAGE / request.match_info["name"], headers=kept)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        return await self.world.socket(request)

    async def bring(self, request: web.Request) -> web.StreamResponse:
        return await self.world.bring(request)

    @contextlib.asynccontextmanager
    async def shows(self, world: PageWorld) -> AsyncIterator[PageWorld]:
        """Put a world on; what it has under way ends with it."""
        self.world = world
        world.address = self.address
        try:
            yield world
        finally:
            for line in list(world.sockets):
                await line.close()
            for task in list(world.tasks):
                task.cancel()


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[Stage]:
    """Serve a stage on loopback."""
    stage = Stage()
    runner = web.AppRunner(stage.app(), shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stage.address = f"http://127.0.0.1:{runner.addresses[0][1]}/?t=example"
    try:
        yield stage
    finally:
        await runner.cleanup()
