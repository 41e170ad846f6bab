"""The gateway: one websocket for the bot, with sessions that can be resumed."""

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from bot.playground import limits, shapes
from bot.playground.hub import Event, Hub, new_token

Json = dict[str, Any]

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT = 0, 1, 2, 3, 6, 7
MEMBERS_REQUEST, INVALID_SESSION, HELLO, ACK = 8, 9, 10, 11
GUILDS, GUILD_MEMBERS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 1, 1 << 9, 1 << 12
CONTENT, TYPING = 1 << 15, 1 << 11
KNOWN_INTENTS = (1 << 26) - 1
INTENTS = {
    "GUILD_CREATE": GUILDS,
    "GUILD_DELETE": GUILDS,
    "GUILD_UPDATE": GUILDS,
    "GUILD_ROLE_CREATE": GUILDS,
    "GUILD_ROLE_UPDATE": GUILDS,
    "GUILD_ROLE_DELETE": GUILDS,
    "CHANNEL_CREATE": GUILDS,
    "CHANNEL_UPDATE": GUILDS,
    "CHANNEL_DELETE": GUILDS,
    "THREAD_CREATE": GUILDS,
    "THREAD_UPDATE": GUILDS,
    "THREAD_DELETE": GUILDS,
    "GUILD_MEMBER_UPDATE": GUILDS,
    "MESSAGE_CREATE": GUILD_MESSAGES,
    "MESSAGE_UPDATE": GUILD_MESSAGES,
    "MESSAGE_DELETE": GUILD_MESSAGES,
    "TYPING_START": TYPING,
    "INTERACTION_CREATE": 0,
}
KEPT_SESSIONS = 4
PRIVATE = ("content", "embeds", "components", "attachments")


@dataclass(slots=True, eq=False)
class Session:
    """What one IDENTIFY began; lives on while it can be resumed."""

    id: str
    intents: int
    sequence: int = 0
    replay: deque[Json] = field(default_factory=lambda: deque(maxlen=limits.REPLAY_EVENTS))
    link: "Link | None" = None
    resumable: bool = True
    # Which shard of how many it is.
    shard: tuple[int, int] = (0, 1)

    def hears(self, guild_id: str | None) -> bool:
        """Whether events of a guild, or of none (direct messages), go to this shard."""
        return (int(guild_id or 0) >> 22) % self.shard[1] == self.shard[0]


@dataclass(slots=True, eq=False)
class Link:
    """One open websocket; with zlib-stream all its messages share one compressor."""

    socket: web.WebSocketResponse
    outbox: asyncio.Queue[Json | None]
    compressor: Any = None
    session: Session | None = None
    deaf: bool = False

    async def write(self) -> None:
        """Send what is queued, in order, until told to stop."""
        while (payload := await self.outbox.get()) is not None:
            text = json.dumps(payload)
            if self.socket.closed:
                return
            try:
                if self.compressor is None:
                    await self.socket.send_str(text)
                else:
                    packed = self.compressor.compress(text.encode())
                    packed += self.compressor.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)
            except ConnectionError:
                return


class Gateway:
    """Speaks gateway version 10 to one bot."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.sessions: dict[str, Session] = {}
        self.links: set[Link] = set()
        self.identifies = 0
        self.identify_times: list[float] = []
        self.resumes = 0
        self.heartbeat_s = limits.HEARTBEAT_S
        self.online = asyncio.Event()
        self._deaf = False
        hub.listeners.append(self._on_event)

    @property
    def url(self) -> str:
        """Return the address that bots are sent to."""
        return self.hub.address.replace("http", "ws", 1) + "/gateway"

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it closes."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        packed = request.query.get("compress") == "zlib-stream"
        link = Link(socket, asyncio.Queue(), zlib.compressobj() if packed else None)
        link.deaf = self._deaf
        self.links.add(link)
        writer = asyncio.create_task(link.write())
        link.outbox.put_nowait(_hello(self.heartbeat_s))
        try:
            await self._serve(link)
        finally:
            self.links.discard(link)
            if link.session is not None and link.session.link is link:
                link.session.link = None
                self._set_online(any(s.link for s in self.sessions.values()))
            link.outbox.put_nowait(None)
            await writer
        return socket

    async def _serve(self, link: Link) -> None:
        sent: deque[float] = deque()
        async for frame in link.socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            now = self.hub.clock.monotonic()
            most, window = limits.GATEWAY_SENDS
            sent.append(now)
            while now - sent[0] > window:
                sent.popleft()
            code = 4008 if len(sent) > most else self._receive(link, frame)
            if code is not None:
                await link.socket.close(code=code)
                return

    def _receive(self, link: Link, frame: WSMessage) -> int | None:
        try:
            payload = json.loads(frame.data)
            op, content = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            return 4002
        if op == HEARTBEAT:
            if not link.deaf:
                link.outbox.put_nowait({"op": ACK, "d": None, "s": None, "t": None})
        elif op == IDENTIFY:
            return self._identify(link, content)
        elif op == RESUME:
            return self._resume(link, content)
        elif link.session is None:
            return 4003
        elif op == MEMBERS_REQUEST:
            self._members(link.session, content)
        elif op not in (PRESENCE, 4):
            return 4001
        return None

    def _identify(self, link: Link, content: Json) -> int | None:
        self.identifies += 1
        self.identify_times.append(self.hub.clock.monotonic())
        if link.session is not None:
            return 4005
        if str(content.get("token")).removeprefix("Bot ") != self.hub.token:
            return 4004
        intents = content.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            return 4013
        shard, shards = content.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            return 4010
        self.hub.sees_content = bool(intents & CONTENT)
        self.hub.sees_members = bool(intents & GUILD_MEMBERS)
        session = Session(new_token(), intents, shard=(shard, shards))
        self._forget_old_sessions()
        self.sessions[session.id] = session
        session.link, link.session = link, session
        self.hub.note("gateway", "IDENTIFY")
        self._send(session, "READY", self._ready(session))
        self._set_online(True)
        if self.hub.world.in_guild and session.hears(self.hub.world.guild_id):
            self._send(session, "GUILD_CREATE", self._guild(intents))
        return None

    def _forget_old_sessions(self) -> None:
        parted = [key for key, session in self.sessions.items() if session.link is None]
        for key in parted[:-KEPT_SESSIONS]:
            del self.sessions[key]

    def _ready(self, session: Session) -> Json:
        world = self.hub.world
        has_guild = world.in_guild and session.hears(world.guild_id)
        return {
            "v": 10,
            "user": shapes.account(world.users[world.bot_id]),
            "guilds": [{"id": world.guild_id, "unavailable": True}] if has_guild else [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": world.bot_id, "flags": 0},
            "private_channels": [],
            "relationships": [],
            "user_settings": {},
        }

    def _guild(self, intents: int) -> Json:
        world = self.hub.world
        everyone = list(world.members) if intents & GUILD_MEMBERS else [world.bot_id]
        return shapes.guild_create(world, everyone)

    def _resume(self, link: Link, content: Json) -> int | None:
        if str(content.get("token")).removeprefix("Bot ") != self.hub.token:
            return 4004
        session = self.sessions.get(str(content.get("session_id")))
        after = content.get("seq") or 0
        oldest = session.replay[0]["s"] if session and session.replay else 1
        if session is None or not session.resumable or after + 1 < oldest:
            link.outbox.put_nowait({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return None
        self.resumes += 1
        self.hub.note("gateway", "RESUME")
        session.link, link.session = link, session
        for event in session.replay:
            if event["s"] > after:
                link.outbox.put_nowait(event)
        self._send(session, "RESUMED", {})
        self._set_online(True)
        return None

    def _members(self, session: Session, content: Json) -> None:
        world = self.hub.world
        wanted = content.get("user_ids") or list(world.members)
        wanted = [wanted] if isinstance(wanted, str) else wanted
        body = {
            "guild_id": world.guild_id,
            "members": [
                shapes.member(world, world.members[i]) for i in wanted if i in world.members
            ],
            "not_found": [i for i in wanted if i not in world.members],
            "chunk_index": 0,
            "chunk_count": 1,
            "nonce": content.get("nonce"),
        }
        self._send(session, "GUILD_MEMBERS_CHUNK", body)

    def _send(self, session: Session, name: str, content: Json) -> None:
        session.sequence += 1
        event = {"op": DISPATCH, "t": name, "s": session.sequence, "d": content}
        session.replay.append(event)
        if session.link is not None:
            session.link.outbox.put_nowait(event)

    def _on_event(self, event: Event) -> None:
        if event.name not in INTENTS or event.for_user_id is not None:
            return
        needed = INTENTS[event.name]
        of_guild = event.name.startswith("GUILD_")
        guild_id = self.hub.world.guild_id if of_guild else event.data.get("guild_id")
        for session in self.sessions.values():
            if session.hears(guild_id) and session.resumable and session.intents & needed == needed:
                self._send(session, event.name, self._allowed(session, event))

    def _allowed(self, session: Session, event: Event) -> Json:
        if not event.name.startswith("MESSAGE_") or session.intents & CONTENT:
            return event.data
        if event.data.get("author", {}).get("id") == self.hub.world.bot_id:
            return event.data
        blanks: Json = {k: "" if k == "content" else [] for k in PRIVATE if k in event.data}
        return event.data | blanks

    def _set_online(self, online: bool) -> None:
        if online:
            self.online.set()
        else:
            self.online.clear()
        if online != self.hub.bot_online:
            self.hub.bot_online = online
            self.hub.emit("BOT", {"online": online})

    async def cut(self, code: int = 4000, *, forget: bool = False) -> None:
        """Close every connection with a code; with forget the sessions cannot be resumed."""
        for session in self.sessions.values():
            session.resumable = session.resumable and not forget
        for link in list(self.links):
            await link.socket.close(code=code)

    def abort(self) -> None:
        """Break every connection without a close frame (the client sees 1006)."""
        for link in list(self.links):
            transport = link.socket.get_extra_info("socket") and link.socket._req
            if transport is not None and transport.transport is not None:
                transport.transport.abort()

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send INVALID_SESSION to every connection."""
        for session in self.sessions.values():
            session.resumable = session.resumable and resumable
        for link in list(self.links):
            payload = {"op": INVALID_SESSION, "d": resumable, "s": None, "t": None}
            link.outbox.put_nowait(payload)

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT to every connection."""
        for link in list(self.links):
            link.outbox.put_nowait({"op": RECONNECT, "d": None, "s": None, "t": None})

    def stop_acknowledging(self, *, deaf: bool = True) -> None:
        """Leave heartbeats without an answer, now and on new connections, or answer again."""
        self._deaf = deaf
        for link in self.links:
            link.deaf = deaf

    async def close(self) -> None:
        """Say goodbye to all."""
        for link in list(self.links):
            await link.socket.close(code=WSCloseCode.GOING_AWAY)


def _hello(heartbeat_s: float) -> Json:
    interval = int(heartbeat_s * 1000)
    return {"op": HELLO, "d": {"heartbeat_interval": interval}, "s": None, "t": None}
