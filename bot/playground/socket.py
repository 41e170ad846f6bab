"""The page's websocket: a person's questions answered, and what happens pushed to them."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import WSMsgType, web

from bot.playground import dress, people, posting, shapes
from bot.playground.hub import Event, Hub
from bot.playground.interactions import InteractionFailed, Interactions, may_use
from bot.playground.languages import LOCALES, localized
from bot.playground.people import NotPossible
from bot.playground.permissions import Permission, in_channel
from bot.playground.trouble import Bench
from bot.playground.validate.components import UPLOAD, walk
from bot.playground.world import LOADING, TEXT, Channel, Message

Json = dict[str, Any]
HISTORY = 50
HISTORY_MOST = 100
CHANNEL_EVENTS = {
    "CHANNEL_CREATE": "channel_create",
    "CHANNEL_UPDATE": "channel_update",
    "CHANNEL_DELETE": "channel_delete",
    "THREAD_CREATE": "channel_create",
    "THREAD_UPDATE": "channel_update",
    "THREAD_DELETE": "channel_delete",
    "DIRECT_CREATE": "channel_create",
}
MESSAGE_EVENTS = {"MESSAGE_CREATE": "message_create", "MESSAGE_UPDATE": "message_update"}


@dataclass(slots=True, eq=False)
class Visitor:
    """One open page and the person it is."""

    socket: web.WebSocketResponse
    user_id: str
    outbox: asyncio.Queue[Json | None] = field(default_factory=asyncio.Queue)
    dismissed: set[str] = field(default_factory=set)

    async def write(self) -> None:
        """Send what is queued, in order, until told to stop."""
        while (body := await self.outbox.get()) is not None:
            if self.socket.closed:
                return
            try:
                await self.socket.send_str(json.dumps(body))
            except ConnectionError:
                return


class PageSockets:
    """All open pages."""

    def __init__(self, hub: Hub, interactions: Interactions, bench: Bench) -> None:
        self.hub = hub
        self.interactions = interactions
        self.bench = bench
        self.visitors: set[Visitor] = set()
        self.user_id = hub.world.user_named("mina").id
        # Told who is about to do what, before it is done.
        self.on_deed: Callable[[str, Json], object] | None = None
        # The servers that can be begun with, which one this is, and the way to another.
        self.servers: Json | None = None
        self.on_server: Callable[[str], object] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._operations: dict[str, Callable[[Visitor, Json], Awaitable[Json]]] = {
            "hello": self._hello,
            "become": self._become,
            "language": self._language,
            "history": self._history,
            "say": self._say,
            "autocomplete": self._autocomplete,
            "command": self._command,
            "component": self._component,
            "modal": self._modal,
            "read": self._read,
            "dismiss": self._dismiss,
            "publish": self._publish,
            "crosspost": self._crosspost,
            "trouble": self._trouble,
            "trace": self._trace,
            "server": self._server,
        }
        hub.listeners.append(self._on_event)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one page until it closes."""
        socket = web.WebSocketResponse(heartbeat=30.0)
        await socket.prepare(request)
        visitor = Visitor(socket, self.user_id)
        self.visitors.add(visitor)
        writer = asyncio.create_task(visitor.write())
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._begin(visitor, frame.data)
        finally:
            self.visitors.discard(visitor)
            visitor.outbox.put_nowait(None)
            await writer
        return socket

    async def close(self) -> None:
        """Close every page's socket."""
        for visitor in list(self.visitors):
            await visitor.socket.close()
        for task in list(self._tasks):
            task.cancel()

    def _begin(self, visitor: Visitor, text: str) -> None:
        # Each question is its own task: a slow autocomplete must not hold up the next letter.
        task = asyncio.create_task(self._answer(visitor, text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, visitor: Visitor, text: str) -> None:
        try:
            asked = json.loads(text)
            number, operation = asked["n"], self._operations[asked["op"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            visitor.outbox.put_nowait({"re": None, "ok": False, "error": "Not understood."})
            return
        try:
            if self.on_deed is not None:
                self.on_deed(visitor.user_id, asked)
            result = await operation(visitor, asked)
        except (NotPossible, InteractionFailed) as no:
            visitor.outbox.put_nowait({"re": number, "ok": False, "error": str(no)})
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            what = f"The question is not complete: {type(error).__name__} {error}"
            visitor.outbox.put_nowait({"re": number, "ok": False, "error": what})
        else:
            visitor.outbox.put_nowait({"re": number, "ok": True, **result})

    async def _hello(self, visitor: Visitor, asked: Json) -> Json:
        hub, world = self.hub, self.hub.world
        return {
            "guild": {"id": world.guild_id, "name": world.guild_name},
            "channels": [
                shapes.channel(world, c)
                for c in world.channels.values()
                if self._sees(visitor.user_id, c)
            ],
            "roles": [shapes.role(role) for role in world.roles.values()],
            "users": dress.people(world),
            "locales": LOCALES,
            "me": visitor.user_id,
            "bot": {"user": shapes.user(world.users[world.bot_id]), "online": hub.bot_online},
            "commands": self._commands(visitor.user_id),
            "unread": self._unread(visitor.user_id),
            "feeds": [{"name": "Sample feed", "url": self.bench.feed.url}],
            "checks": self.bench.checks.all(),
            "servers": self.servers,
        }

    def _unread(self, user_id: str) -> dict[str, int]:
        world = self.hub.world
        seen = [c.id for c in world.channels.values() if self._sees(user_id, c)]
        counts = {channel_id: world.unread(user_id, channel_id) for channel_id in seen}
        return {channel_id: count for channel_id, count in counts.items() if count}

    def _commands(self, user_id: str) -> list[Json]:
        world = self.hub.world
        place = next((c for c in world.channels.values() if c.type == TEXT), None)
        if place is None:
            return []
        locale = world.users[user_id].locale
        allowed = (c for c in world.commands.values() if may_use(self.hub, c, user_id, place))
        return [localized(command, locale) for command in allowed]

    def _sees(self, user_id: str, channel: Channel) -> bool:
        bits = in_channel(self.hub.world, user_id, channel, self.hub.clock.now())
        return bool(bits & Permission.VIEW_CHANNEL)

    async def _become(self, visitor: Visitor, asked: Json) -> Json:
        user = self.hub.world.users.get(str(asked["user_id"]))
        if user is None or user.bot or user.id not in self.hub.world.members:
            raise NotPossible("There is no such person here.")
        visitor.user_id = self.user_id = user.id
        self._push(visitor, "commands", {"commands": self._commands(user.id)})
        return {}

    async def _language(self, visitor: Visitor, asked: Json) -> Json:
        """Set the language of the person's client, which each interaction tells the bot."""
        locale = str(asked["locale"])
        if locale not in LOCALES:
            raise NotPossible("The page has no such language.")
        users = self.hub.world.users
        users[visitor.user_id] = replace(users[visitor.user_id], locale=locale)
        self._push(visitor, "commands", {"commands": self._commands(visitor.user_id)})
        return {"name": LOCALES[locale]}

    async def _history(self, visitor: Visitor, asked: Json) -> Json:
        channel = people.person_channel(self.hub, visitor.user_id, str(asked["channel_id"]))
        limit = min(int(asked.get("limit") or HISTORY), HISTORY_MOST)
        before = int(asked.get("before") or 0)
        shown = [
            m
            for m in self.hub.world.in_channel(channel.id).values()
            if self._is_shown(visitor, m) and (not before or int(m.id) < before)
        ]
        shown.sort(key=lambda m: int(m.id))
        return {"messages": [dress.message(self.hub.world, m) for m in shown[-limit:]]}

    def _is_shown(self, visitor: Visitor, message: Message) -> bool:
        if message.flags & LOADING or message.id in visitor.dismissed:
            return False
        return message.for_user_id in (None, visitor.user_id)

    async def _say(self, visitor: Visitor, asked: Json) -> Json:
        people.say(self.hub, visitor.user_id, str(asked["channel_id"]), str(asked["text"]))
        return {}

    async def _autocomplete(self, visitor: Visitor, asked: Json) -> Json:
        choices = await people.autocomplete(
            self.interactions,
            visitor.user_id,
            str(asked["channel_id"]),
            str(asked["command_id"]),
            list(asked.get("options") or []),
        )
        return {"choices": choices}

    async def _command(self, visitor: Visitor, asked: Json) -> Json:
        options = list(asked.get("options") or [])
        for option in people.leaf_options(options):
            if option.get("type") == people.FILE:
                option["value"] = self._kept(str(asked["channel_id"]), option["value"])
        interaction = people.use_command(
            self.interactions,
            visitor.user_id,
            str(asked["channel_id"]),
            str(asked["command_id"]),
            options,
            asked.get("target_id"),
        )
        return {"interaction_id": interaction.id}

    async def _component(self, visitor: Visitor, asked: Json) -> Json:
        values = asked.get("values")
        interaction = people.use_component(
            self.interactions,
            visitor.user_id,
            str(asked["message_id"]),
            str(asked["custom_id"]),
            [str(value) for value in values] if values is not None else None,
        )
        return {"interaction_id": interaction.id}

    async def _modal(self, visitor: Visitor, asked: Json) -> Json:
        opener_id, custom_id = str(asked["interaction_id"]), str(asked["custom_id"])
        components = list(asked["components"])
        opener = people.open_form(self.interactions, visitor.user_id, opener_id, custom_id)
        for field_ in walk(components):
            if field_.get("type") == UPLOAD:
                files = field_.get("values") or []
                field_["values"] = [self._kept(opener.channel_id, file) for file in files]
        interaction = people.submit_modal(
            self.interactions, visitor.user_id, opener_id, custom_id, components
        )
        return {"interaction_id": interaction.id}

    def _kept(self, channel_id: str, file: Json) -> str:
        content = base64.b64decode(file["data"], validate=True)
        return people.upload(self.hub, channel_id, str(file["name"]), content)

    async def _read(self, visitor: Visitor, asked: Json) -> Json:
        channel = people.person_channel(self.hub, visitor.user_id, str(asked["channel_id"]))
        self.hub.world.mark_read(visitor.user_id, channel.id)
        return {}

    async def _dismiss(self, visitor: Visitor, asked: Json) -> Json:
        message = self.hub.world.find_message(str(asked["message_id"]))
        if message is not None and message.for_user_id == visitor.user_id:
            visitor.dismissed.add(message.id)
            posting.delete(self.hub, message)
        return {}

    async def _publish(self, visitor: Visitor, asked: Json) -> Json:
        return {"title": self.bench.feed.publish().title}

    async def _crosspost(self, visitor: Visitor, asked: Json) -> Json:
        people.crosspost(self.hub, visitor.user_id, str(asked["message_id"]))
        return {}

    async def _trouble(self, visitor: Visitor, asked: Json) -> Json:
        says = await self.bench.make(str(asked["kind"]), asked.get("channel_id"))
        return {"says": says}

    async def _server(self, visitor: Visitor, asked: Json) -> Json:
        offered = [one["id"] for one in (self.servers or {}).get("offered", [])]
        if self.on_server is None or asked["id"] not in offered:
            raise NotPossible("Start the playground with --server to begin with another server.")
        self.on_server(asked["id"])
        return {}

    async def _trace(self, visitor: Visitor, asked: Json) -> Json:
        return {"entries": list(self.hub.trace)}

    def _push(self, visitor: Visitor, name: str, body: Json) -> None:
        visitor.outbox.put_nowait({"event": name, **body})

    def _on_event(self, event: Event) -> None:
        if not self.visitors:
            return
        told = self._translated(event)
        if told is None:
            return
        name, body, channel_id = told
        for visitor in self.visitors:
            if event.for_user_id not in (None, visitor.user_id):
                continue
            channel = self.hub.world.channels.get(channel_id or "")
            if channel is not None and not self._sees(visitor.user_id, channel):
                continue
            if name == "commands":
                body = {"commands": self._commands(visitor.user_id)}
            self._push(visitor, name, body)

    def _translated(self, event: Event) -> tuple[str, Json, str | None] | None:
        world, data = self.hub.world, event.data
        if event.name in MESSAGE_EVENTS:
            message = world.in_channel(data["channel_id"]).get(data["id"])
            if message is None:
                return None
            body = {"message": dress.message(world, message)}
            return MESSAGE_EVENTS[event.name], body, message.channel_id
        if event.name in CHANNEL_EVENTS:
            return CHANNEL_EVENTS[event.name], {"channel": data}, data["id"]
        match event.name:
            case "MESSAGE_DELETE":
                return "message_delete", data, data["channel_id"]
            case "INTERACTION_STATE":
                return "interaction", data, data["channel_id"]
            case "MODAL":
                modal = data["modal"]
                drawn = dress.components(modal["components"], dress.names_of(world))
                body = {**data, "modal": modal | {"components": drawn}}
                return "modal", body, None
            case "COMMANDS" | "BOT" | "TRACE" | "CHECK":
                return event.name.lower(), data, None
            case "TYPING_START":
                return "typing", data, data["channel_id"]
            case _:
                return None
