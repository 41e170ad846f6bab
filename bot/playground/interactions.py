"""Interactions: what a person does, sent to the bot; its answer awaited; tokens that expire."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bot.playground import limits, shapes
from bot.playground.clock import Timer
from bot.playground.hub import Hub, new_token
from bot.playground.permissions import Permission, in_channel
from bot.playground.refusals import refused
from bot.playground.validate.components import BUTTON, walk
from bot.playground.world import DIRECT, LOADING, Asked, Channel, Message

Json = dict[str, Any]

KEPT_INTERACTIONS = 2000
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5


class InteractionFailed(Exception):
    """The bot gave no answer in time, or no bot is there; the text is what Discord shows."""


@dataclass(slots=True)
class Interaction:
    """One interaction and how far its answer got."""

    id: str
    token: str
    type: int
    user_id: str
    channel_id: str
    data: Json
    started: float
    source: Message | None = None
    name: str | None = None
    option_type: int = 3
    state: str = "waiting"
    original_id: str | None = None
    modal: Json | None = None
    choices: asyncio.Future[list[Json]] | None = None
    deadline: Timer | None = None
    message_ids: list[str] = field(default_factory=list)
    ephemeral: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    error: str | None = None

    def asked(self) -> Asked:
        """Return what a message keeps of the interaction it answers."""
        return Asked(
            self.id,
            self.type,
            self.user_id,
            self.name,
            self.source.id if self.source else None,
        )


class Interactions:
    """Keeps the interactions whose tokens live."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.by_id: dict[str, Interaction] = {}
        self.by_token: dict[str, Interaction] = {}

    def begin(
        self,
        kind: int,
        user_id: str,
        channel: Channel,
        data: Json,
        *,
        source: Message | None = None,
        name: str | None = None,
    ) -> Interaction:
        """Send an interaction to the bot and start its three seconds.

        Raises InteractionFailed at once when the bot is away.
        """
        hub = self.hub
        if not hub.bot_online:
            raise InteractionFailed("The application did not respond")
        interaction = Interaction(
            hub.ids.next(), new_token(), kind, user_id, channel.id, data, hub.clock.monotonic()
        )
        interaction.source, interaction.name = source, name
        self._forget_dead()
        self.by_id[interaction.id] = self.by_token[interaction.token] = interaction
        late = self._late(interaction)
        interaction.deadline = hub.clock.call_later(limits.FIRST_ANSWER_S, late)
        if kind != AUTOCOMPLETE:
            who = hub.world.users[user_id].username
            detail = {key: value for key, value in data.items() if key != "resolved"}
            hub.note("interaction", f"{_title(interaction)} by {who}", detail, interaction.id)
        hub.emit("INTERACTION_CREATE", self._shape(interaction, channel))
        return interaction

    def autocomplete(
        self, user_id: str, channel: Channel, data: Json, option_type: int
    ) -> asyncio.Future[list[Json]]:
        """Ask the bot for choices; the future fails with InteractionFailed after 3 seconds."""
        choices: asyncio.Future[list[Json]] = asyncio.get_running_loop().create_future()
        interaction = self.begin(AUTOCOMPLETE, user_id, channel, data)
        interaction.choices, interaction.option_type = choices, option_type
        return choices

    def open(self, interaction_id: str, token: str) -> Interaction:
        """Return the interaction for its first answer; raises 10062 or 40060."""
        interaction = self.by_id.get(interaction_id)
        if interaction is None or interaction.token != token or interaction.state == "failed":
            raise refused(10062)
        if self._age(interaction) > limits.FIRST_ANSWER_S and interaction.state == "waiting":
            raise refused(10062)
        if interaction.state != "waiting":
            raise refused(40060)
        return interaction

    def of_token(self, token: str) -> Interaction:
        """Return the answered interaction of a token; raises 10015 or 50027."""
        interaction = self.by_token.get(token)
        if interaction is None or interaction.state in ("waiting", "failed"):
            raise refused(10015)
        if self._age(interaction) > limits.TOKEN_S:
            raise refused(50027)
        return interaction

    def settle(self, interaction: Interaction, state: str, **extra: Any) -> None:
        """Note how far the answer got, and tell the page."""
        if interaction.deadline is not None:
            interaction.deadline.cancel()
        interaction.state = state
        body: Json = {"interaction_id": interaction.id, "state": state}
        body |= {"channel_id": interaction.channel_id, "ephemeral": interaction.ephemeral}
        if state != "thinking":
            interaction.answered.set()
        if interaction.type != AUTOCOMPLETE:
            self.hub.emit("INTERACTION_STATE", body | extra, interaction.user_id)

    def _forget_dead(self) -> None:
        if len(self.by_id) < KEPT_INTERACTIONS:
            return
        for interaction in list(self.by_id.values())[: KEPT_INTERACTIONS // 2]:
            if self._age(interaction) > limits.TOKEN_S:
                del self.by_id[interaction.id], self.by_token[interaction.token]

    def _age(self, interaction: Interaction) -> float:
        return self.hub.clock.monotonic() - interaction.started

    def _late(self, interaction: Interaction) -> Any:
        def fail() -> None:
            if interaction.state != "waiting":
                return
            text = "This interaction failed"
            if interaction.type == COMMAND:
                text = "The application did not respond"
            if interaction.choices is not None and not interaction.choices.done():
                text = "Loading options failed"
                interaction.choices.set_exception(InteractionFailed(text))
                interaction.choices.exception()
            interaction.error = text
            self.settle(interaction, "failed", error=text)

        return fail

    def _shape(self, interaction: Interaction, channel: Channel) -> Json:
        hub, world = self.hub, self.hub.world
        now = hub.clock.now()
        who = world.users[interaction.user_id]
        permissions = in_channel(world, who.id, channel, now)
        body: Json = {
            "id": interaction.id,
            "application_id": world.bot_id,
            "type": interaction.type,
            "data": interaction.data,
            "token": interaction.token,
            "version": 1,
            "channel_id": channel.id,
            "channel": shapes.channel(world, channel) | {"permissions": str(permissions)},
            "app_permissions": str(in_channel(world, world.bot_id, channel, now)),
            "locale": who.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "attachment_size_limit": limits.ATTACHMENT_BYTES,
        }
        if interaction.source is not None:
            body["message"] = shapes.message(world, interaction.source)
        if channel.type == DIRECT:
            return body | {
                "user": shapes.user(who),
                "context": 1,
                "authorizing_integration_owners": {"0": "0"},
            }
        person = shapes.member(world, world.members[who.id])
        return body | {
            "guild_id": world.guild_id,
            "guild": {"id": world.guild_id, "locale": "en-GB", "features": ["COMMUNITY", "NEWS"]},
            "guild_locale": "en-GB",
            "member": person | {"permissions": str(permissions)},
            "context": 0,
            "authorizing_integration_owners": {"0": world.guild_id},
        }

    def resolved(self, ids: dict[str, list[str]]) -> Json:
        """Return Discord's `resolved` for ids by kind: users, roles, channels, files, messages."""
        world = self.hub.world
        now = self.hub.clock.now()
        out: Json = {}
        for user_id in ids.get("users", ()):
            out.setdefault("users", {})[user_id] = shapes.user(world.users[user_id])
            if user_id in world.members:
                whole = shapes.member(world, world.members[user_id])
                bits = str(in_channel(world, user_id, next(iter(world.channels.values())), now))
                part = {k: v for k, v in whole.items() if k not in ("user", "deaf", "mute")}
                out.setdefault("members", {})[user_id] = part | {"permissions": bits}
        for role_id in ids.get("roles", ()):
            out.setdefault("roles", {})[role_id] = shapes.role(world.roles[role_id])
        for channel_id in ids.get("channels", ()):
            channel = world.channels[channel_id]
            out.setdefault("channels", {})[channel_id] = shapes.channel(world, channel) | {
                "permissions": str(in_channel(world, ids["asker"][0], channel, now)),
                "app_permissions": str(in_channel(world, world.bot_id, channel, now)),
            }
        for file_id in ids.get("attachments", ()):
            out.setdefault("attachments", {})[file_id] = world.uploads[file_id]
        for message_id in ids.get("messages", ()):
            message = world.find_message(message_id)
            if message is not None:
                out.setdefault("messages", {})[message_id] = shapes.message(world, message)
        return out


def may_use(hub: Hub, command: Json, user_id: str, channel: Channel) -> bool:
    """Whether a command's default permissions let this person use it here."""
    bits = in_channel(hub.world, user_id, channel, hub.clock.now())
    if channel.type == DIRECT:
        return 1 in (command.get("contexts") or [0, 1])
    if not bits & Permission.USE_APPLICATION_COMMANDS:
        return False
    needed = command.get("default_member_permissions")
    if needed is None:
        return True
    wanted = int(needed)
    return bool(bits & Permission.ADMINISTRATOR) if not wanted else bits & wanted == wanted


def typed(data: Json) -> str:
    """Return a command's data as a person would write it: /tag name=un."""
    words, options = [f"/{data.get('name', '')}"], data.get("options") or []
    while options and options[0].get("type") in (1, 2):
        words.append(str(options[0]["name"]))
        options = options[0].get("options") or []
    return " ".join([*words, *(f"{one['name']}={one.get('value', '')}" for one in options)])


def is_loading(message: Message) -> bool:
    """Whether a message still says that the bot is thinking."""
    return bool(message.flags & LOADING)


def _title(interaction: Interaction) -> str:
    if interaction.type == COMMAND:
        return typed(interaction.data)
    custom_id = interaction.data.get("custom_id")
    if interaction.type == MODAL or interaction.source is None:
        return f"form {custom_id}"
    for one in walk(list(interaction.source.components)):
        if one.get("custom_id") == custom_id:
            kind = "button" if one["type"] == BUTTON else "menu"
            emoji = (one.get("emoji") or {}).get("name")
            return f"{kind} “{one.get('label') or one.get('placeholder') or emoji or custom_id}”"
    return f"component {custom_id}"
