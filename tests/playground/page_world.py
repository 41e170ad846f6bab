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

Json = dict[str, Any]
PAGE = Path(__file__).parents[2] / "bot" / "playground" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'"
)
DISCORD_EPOCH_MS = 1_420_070_400_000
GUILD, GENERAL, NEWSROOM, ANNOUNCE, STORIES, THREAD, POST = (str(10**17 + n) for n in range(7))
MINA, RAVI, BOT = (str(2 * 10**17 + n) for n in range(3))
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAFt27v///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


def option(name: str, kind: int, **more: Any) -> Json:
    """Write one command option."""
    return {"name": name, "type": kind, "description": f"The {name} to use", **more}


def command(number: int, name: str, description: str, *options: Json, **more: Any) -> Json:
    """Write one application command."""
    base = {"id": str(3 * 10**17 + number), "type": 1, "name": name, "contexts": [0]}
    return {**base, "description": description, "options": list(options), **more}


COMMANDS = [
    command(
        1,
        "tag",
        "Read the articles that carry a tag",
        option("name", 3, required=True, autocomplete=True, max_length=60),
        option("sort", 3, choices=[{"name": "Newest first", "value": "new"}]),
    ),
    command(2, "latest", "The newest articles"),
    command(3, "broken", "Is never answered"),
    command(4, "slow", "Is answered after a while"),
    command(5, "form", "Opens a form with every input"),
    command(
        6,
        "pick",
        "Takes every kind of option",
        option("count", 4, required=True, min_value=1, max_value=9),
        option("where", 7, channel_types=[5, 15]),
        option("who", 6),
        option("role", 8),
        option("loud", 5),
        option("ratio", 10),
        option("word", 3, max_length=5),
    ),
    command(
        7,
        "subscription",
        "Subscriptions of this server",
        option("add", 1, options=[option("channel", 7, required=True, channel_types=[0, 5, 15])]),
        option("list", 1, options=[]),
        default_member_permissions="32",
    ),
    command(8, "Find its tags", "", type=3),
]


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
        self.tasks: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        """Build the small web server."""
        app = web.Application()
        app.router.add_get("/", self.index)
        app.router.add_get("/page/socket", self.socket)
        app.router.add_get("/page/{name}", self.static)
        return app

    async def index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(
            PAGE / "index.html", headers={"Content-Security-Policy": POLICY}
        )

    async def static(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / request.match_info["name"])

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        self.sockets.append(line)
        async for data in line:
            if data.type is WSMsgType.TEXT:
                asked = json.loads(data.data)
                self.heard.append(asked)
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
            "feeds": [{"name": "Sample feed", "url": "/feed/sample.xml"}],
        }

    def on_become(self, asked: Json) -> None:
        self.me = asked["user_id"]

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
        return {"says": f"What {asked['kind']} does: nothing is lost."}

    def on_trace(self, _: Json) -> Json:
        return {"entries": []}

    def made(self, channel: str, author: str = BOT, at: datetime | None = None, **more: Any) -> Json:
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


def bot_user() -> Json:
    return {"id": BOT, "username": "Tagwire", "bot": True}


def channels() -> dict[str, Json]:
    """List one channel of each kind."""
    tags = [{"id": "1", "name": "Analysis"}, {"id": "2", "name": "Local", "emoji_name": "📍"}]
    rows = [
        {"id": GENERAL, "type": 0, "name": "general", "topic": "Ask Tagwire anything"},
        {"id": NEWSROOM, "type": 0, "name": "newsroom", "topic": "What comes in"},
        {"id": ANNOUNCE, "type": 5, "name": "announcements"},
        {"id": STORIES, "type": 15, "name": "stories", "available_tags": tags},
        {"id": THREAD, "type": 11, "name": "Harbour story", "parent_id": NEWSROOM},
        {
            "id": POST,
            "type": 11,
            "name": "Why the ferries stopped",
            "parent_id": STORIES,
            "applied_tags": ["2"],
            "owner_id": BOT,
            "message_count": 1,
        },
    ]
    return {row["id"]: {"position": n, **row} for n, row in enumerate(rows)}


def text(content: str, html: str | None = None) -> Json:
    if html is None:
        head, _, rest = content.partition("\n")
        title = f"<h3>{escape(head[4:])}</h3>" if head.startswith("### ") else escape(head)
        html = title + escape(rest)
    return {"type": 10, "content": content, "html": html}


def container(*parts: Json) -> Json:
    return {"type": 17, "accent_color": 0x4B57D6, "components": list(parts)}


def button(custom_id: str, label: str, style: int = 2, **more: Any) -> Json:
    return {"type": 2, "custom_id": custom_id, "label": label, "style": style, **more}


def pager() -> Json:
    return {
        "type": 1,
        "components": [
            button("previous", "Previous", disabled=True),
            button("next", "Next", 1),
            button("broken", "Break", 4),
            button("yes", "Subscribe", 3),
            {"type": 2, "style": 5, "label": "Source", "url": "https://news.example/a"},
        ],
    }


def entry(number: int) -> list[Json]:
    titles = ["Harbour lights go out for the birds", "Night trains return", "A library on wheels"]
    title = titles[number % 3]
    body = "Each autumn the town turns its lamps down so that flocks find their way south."
    html = (
        f'<h3><a href="https://news.example/{number}">{title}</a></h3>'
        f'<p><small class="subtext">Ada Brook · Coast Courier · '
        f'<time datetime="2026-03-0{number + 1}T08:00:00+00:00" data-style="D">day</time></small></p>'
        f"<p>{body}</p>"
    )
    shown = text(f"### [{title}](https://news.example/{number})\n{body}", html)
    picture = {"type": 11, "media": {"url": DOT}, "description": "Lamps"}
    return [{"type": 9, "components": [shown], "accessory": picture}]


def listing(options: list[Json]) -> list[Json]:
    """Write an answer that lists articles."""
    given = next((o.get("value") for o in options), "all")
    head = text(f"### Tag Archives: {given}", f"<h2>Tag Archives: {escape(str(given))}</h2>")
    menu = {
        "type": 3,
        "custom_id": "read",
        "placeholder": "Read…",
        "min_values": 1,
        "max_values": 1,
        "options": [{"label": f"Article {n}", "value": str(n)} for n in range(10)],
    }
    line = {"type": 14, "divider": True, "spacing": 1}
    parts = [head, *entry(0), line, *entry(1), line, *entry(2)]
    return [container(*parts, {"type": 1, "components": [menu]}, pager())]


def article() -> list[Json]:
    """Write an opened article with all of markdown."""
    html = (
        "<h2>Night trains return</h2><p><strong>Bold</strong>, <em>slant</em>, <del>gone</del>, "
        '<code>code</code>, <span class="spoiler" tabindex="0" role="button">the end</span>, '
        '<span class="mention">@Mina</span></p><blockquote>Said the guard.</blockquote>'
        "<ul><li>One</li><li>Two</li></ul><pre><code>x = 1</code></pre>"
    )
    gallery = {"type": 12, "items": [{"media": {"url": DOT}, "description": "Train"}] * 2}
    outside = {"type": 12, "items": [{"media": {"url": "https://x.example/a.png"}}]}
    file = {"type": 13, "file": {"url": "attachment://story.txt"}, "name": "story.txt", "size": 900}
    selects = [
        {"type": 1, "components": [{"type": kind, "custom_id": f"s{kind}", "max_values": 2}]}
        for kind in (5, 6, 7, 8)
    ]
    return [container(text("Night trains return", html), gallery, outside, file), *selects]


def form() -> Json:
    """Write a modal with every input."""
    two = [{"label": "Daily", "value": "d"}, {"label": "Weekly", "value": "w"}]

    def label(words: str, component: Json, description: str = "") -> Json:
        return {"type": 18, "label": words, "description": description, "component": component}

    parts = [
        label("Title", {"type": 4, "custom_id": "title", "style": 1}, "Shown to all"),
        label("Notes", {"type": 4, "custom_id": "notes", "style": 2, "required": False}),
        label("Pace", {"type": 21, "custom_id": "pace", "options": two}),
        label("Days", {"type": 22, "custom_id": "days", "options": two, "required": False}),
        label("Quiet", {"type": 23, "custom_id": "quiet"}),
        label("Place", {"type": 8, "custom_id": "place", "required": False}),
        label("File", {"type": 19, "custom_id": "file", "required": False}),
    ]
    return {"custom_id": "form", "title": "New digest", "components": parts}


def trace(kind: str, words: str, detail: Any) -> Json:
    return {"at": now_text(), "kind": kind, "text": words, "detail": detail}


def now_text() -> str:
    return datetime.now(UTC).isoformat()


@contextlib.asynccontextmanager
async def serve(world: PageWorld, port: int = 0) -> AsyncIterator[str]:
    """Serve a world on loopback; gives the page's address."""
    runner = web.AppRunner(world.app(), shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    bound = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{bound}/?t=example"
    finally:
        for line in list(world.sockets):
            await line.close()
        for task in list(world.tasks):
            task.cancel()
        await runner.cleanup()
