"""Drives a person in the playground for tests: commands, buttons, menus, forms, messages."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.playground import people, posting, shapes
from bot.playground.hub import Request
from bot.playground.interactions import Interaction
from bot.playground.people import GROUP, SUBCOMMAND, NotPossible
from bot.playground.permissions import Permission, in_channel
from bot.playground.server import Server
from bot.playground.validate.components import BUTTON, SELECTS, UPLOAD, walk
from bot.playground.world import LOADING, Channel, Message

Json = dict[str, Any]
ANSWER_S = 10.0
LOOK_EVERY_S = 0.01
# Menus of users, roles and channels choose what an option of a command names.
NAMED_BY_MENU = {5: 6, 6: 8, 8: 7}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person got for what they did.

    `message` is the answer as Discord shows it (an update of the pressed message included),
    `messages` all of the interaction's in order, `error` what Discord says when it failed.
    """

    interaction_id: str
    message: Json | None = None
    messages: tuple[Json, ...] = ()
    modal: Json | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        """Return all the text of the answer's messages."""
        return "\n".join(text_of(message) for message in self.messages)

    @property
    def is_ephemeral(self) -> bool:
        """Whether the answer is for the person alone."""
        return bool(self.message and self.message["flags"] & 64)


def text_of(message: Json) -> str:
    """Return the text of a message: content, embeds, text displays and labels, line by line."""
    lines = [message.get("content") or ""]
    for embed in message.get("embeds") or []:
        lines += [embed.get("title") or "", embed.get("description") or ""]
        for field in embed.get("fields") or []:
            lines += [field["name"], field["value"]]
        lines.append((embed.get("footer") or {}).get("text") or "")
    for component in walk(message.get("components") or []):
        for key in ("content", "label", "placeholder"):
            lines.append(str(component.get(key) or ""))
        lines += [option["label"] for option in component.get("options") or []]
    return "\n".join(line for line in lines if line)


def labels_of(message: Json) -> list[str]:
    """Return the labels of a message's buttons."""
    return [str(c.get("label")) for c in walk(message.get("components") or []) if c["type"] == 2]


def controls(components: list[Json], types: tuple[int, ...], name: str) -> list[Json]:
    """Return the buttons or menus that go by a custom_id, label or placeholder's beginning."""
    return [
        component
        for component in walk(components)
        if component["type"] in types
        and (
            name in (component.get("custom_id"), component.get("label"))
            or (component.get("placeholder") or "").startswith(name or "\0")
        )
    ]


class Driver:
    """One person at the keyboard of a running server."""

    def __init__(self, server: Server, person: str = "mina", channel: str = "general") -> None:
        self.server = server
        self.user_id = server.world.user_named(person).id
        self.channel_id = server.world.channel_named(channel).id

    def become(self, person: str) -> "Driver":
        """Go on as another person: mina (member), ravi (moderator), olga (owner)."""
        self.user_id = self.server.world.user_named(person).id
        return self

    def go(self, channel: str) -> "Driver":
        """Go to another channel, by name or id."""
        self.channel_id = self.server.world.channel_named(channel).id
        return self

    @property
    def requests(self) -> list[Request]:
        """Return every request that the bot made, oldest first."""
        return self.server.hub.requests

    def requests_to(self, method: str, ending: str) -> list[Request]:
        """Return the requests of a method whose path ends so."""
        return [r for r in self.requests if r.method == method and r.path.endswith(ending)]

    def commands(self) -> list[str]:
        """Return the names of the registered commands."""
        return sorted(c["name"] for c in self.server.world.commands.values())

    async def command(self, name: str, /, *, _target: str | None = None, **options: Any) -> Answer:
        """Use a command, such as "subscription add", and wait for its answer.

        Options are by name; a channel, user or role may be given by its name or id, a file as its
        name and bytes. A trailing
        underscore in an option's name is dropped; `_target` is the id a context menu is used on.
        Raises NotPossible where Discord's client would not let it be sent.
        """
        command_id, given = self._given(name, options)
        interaction = people.use_command(
            self.server.interactions, self.user_id, self.channel_id, command_id, given, _target
        )
        return await self.answer_to(interaction)

    async def autocomplete(
        self, name: str, option: str, typed: str, /, **others: Any
    ) -> list[Json]:
        """Return the choices that the bot offers while an option is typed."""
        command_id, given = self._given(name, {**others, option: typed}, focused=option)
        return await people.autocomplete(
            self.server.interactions, self.user_id, self.channel_id, command_id, given
        )

    async def press(self, message: Json, button: str, nth: int = 0) -> Answer:
        """Press a message's button by its label or custom_id: the nth of those that fit."""
        pressed = self._find(message, (BUTTON,), button, nth)
        return await self._component(message, str(pressed["custom_id"]), None)

    async def select(self, message: Json, menu: str, *values: str | int, nth: int = 0) -> Answer:
        """Choose from a menu (by placeholder's beginning or custom_id): the nth of those that fit.

        Values are options' values, labels or places from 0; names or ids of channels, users, roles.
        """
        chosen = self._find(message, SELECTS, menu, nth)
        given = self._chosen(chosen, values)
        return await self._component(message, str(chosen["custom_id"]), given)

    def _chosen(self, menu: Json, values: Iterable[str | int]) -> list[str]:
        options = menu.get("options") or []
        by_label = {option["label"]: option["value"] for option in options}
        kind = NAMED_BY_MENU.get(menu["type"], 3)
        return [
            options[value]["value"]
            if isinstance(value, int)
            else str(by_label.get(value) or self._id(kind, value))
            for value in values
        ]

    async def submit(self, answer: Answer, **fields: Any) -> Answer:
        """Fill in a modal by the labels (spaces as _) or custom_ids of its fields; send it.

        A file is given as its name and bytes, several as a list of such.
        """
        if answer.modal is None:
            raise NotPossible("There is no form to fill in.")
        given = [
            self._field(row, fields) for row in answer.modal["components"] if row["type"] != 10
        ]
        interaction = people.submit_modal(
            self.server.interactions,
            self.user_id,
            answer.interaction_id,
            answer.modal["custom_id"],
            given,
        )
        return await self.answer_to(interaction)

    def say(self, text: str) -> Json:
        """Post a message as the person."""
        message = people.say(self.server.hub, self.user_id, self.channel_id, text)
        return shapes.message(self.server.world, message)

    def crosspost(self, message: Json) -> None:
        """Publish an announcement, as its author or a moderator may; raises NotPossible."""
        people.crosspost(self.server.hub, self.user_id, message["id"])

    def remove(self, message: Json) -> None:
        """Delete a message, as its author or a moderator may; raises NotPossible."""
        found = self.server.world.find_message(message["id"])
        if found is None:
            raise NotPossible("This message is gone.")
        may = self.may(Permission.MANAGE_MESSAGES, found.channel_id)
        if found.author_id != self.user_id and not may:
            raise NotPossible("You do not have permission to delete this message.")
        posting.delete(self.server.hub, found)

    def messages(self, channel: str | None = None) -> list[Json]:
        """Return what the person sees in a channel, oldest first."""
        world = self.server.world
        channel_id = world.channel_named(channel).id if channel else self.channel_id
        return [
            shapes.message(world, message)
            for message in world.in_channel(channel_id).values()
            if not message.flags & LOADING and message.for_user_id in (None, self.user_id)
        ]

    def posts(self, forum: str) -> list[Channel]:
        """Return the posts (threads) of a forum, oldest first."""
        world = self.server.world
        return sorted(world.threads_of(world.channel_named(forum).id), key=lambda t: int(t.id))

    def may(self, permission: int, channel: str | None = None) -> bool:
        """Whether the person has a permission in a channel."""
        world = self.server.world
        place = world.channel_named(channel) if channel else world.channels[self.channel_id]
        bits = in_channel(world, self.user_id, place, self.server.clock.now())
        return bits & permission == permission

    async def until(self, condition: Callable[[], Any], timeout_s: float = ANSWER_S) -> Any:
        """Return a condition's value as soon as it is true; raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not (value := condition()):  # noqa: ASYNC110 (any state may be meant)
                await asyncio.sleep(LOOK_EVERY_S)
        return value

    async def answer_to(self, interaction: Interaction, timeout_s: float = ANSWER_S) -> Answer:
        """Wait for the bot's whole answer: a message, an update, a form, or the failure."""
        async with asyncio.timeout(timeout_s):
            await interaction.answered.wait()
        return self.answer_now(interaction)

    def answer_now(self, interaction: Interaction) -> Answer:
        """Return what an interaction has got so far."""
        world = self.server.world
        channel = world.in_channel(interaction.channel_id)
        ids = dict.fromkeys(interaction.message_ids)
        found: list[Message] = [channel[i] for i in ids if i in channel]
        shown = tuple(shapes.message(world, m) for m in found if not m.flags & LOADING)
        return Answer(
            interaction.id,
            shown[0] if shown else None,
            shown,
            interaction.modal,
            interaction.error,
        )

    async def _component(self, message: Json, custom_id: str, values: list[str] | None) -> Answer:
        interaction = people.use_component(
            self.server.interactions, self.user_id, message["id"], custom_id, values
        )
        return await self.answer_to(interaction)

    def _find(self, message: Json, types: tuple[int, ...], name: str, nth: int) -> Json:
        current = self.server.world.find_message(message["id"])
        components = list(current.components) if current else []
        found = controls(components, types, name)
        if nth >= len(found):
            raise NotPossible(
                f"There is no {name!r} among {labels_of({'components': components})}."
            )
        if found[nth].get("custom_id") is None:
            raise NotPossible(f"{name!r} is a link.")
        return found[nth]

    def _given(
        self, name: str, options: Json, focused: str | None = None
    ) -> tuple[str, list[Json]]:
        first, *rest = name.split()
        for command in self.server.world.commands.values():
            if name == command["name"] or (command["name"] == first and command["type"] == 1):
                break
        else:
            raise NotPossible(f"There is no command /{first}.")
        path: list[Json] = []
        declared: list[Json] = command.get("options") or []
        for part in rest if name != command["name"] else []:
            inner = next((d for d in declared if d["name"] == part), None)
            if inner is None or inner["type"] not in (SUBCOMMAND, GROUP):
                raise NotPossible(f"There is no command /{name}.")
            path.append({"name": part, "type": inner["type"]})
            declared = inner.get("options") or []
        given = self._values(declared, options, focused)
        for step in reversed(path):
            given = [step | {"options": given}]
        return command["id"], given

    def _values(self, declared: list[Json], options: Json, focused: str | None) -> list[Json]:
        by_name = {option["name"]: option for option in declared}
        given = []
        for key, value in options.items():
            name = key if key in by_name else key.rstrip("_")
            if name not in by_name:
                raise NotPossible(f"There is no option {name!r}, only {sorted(by_name)}.")
            kind = by_name[name]["type"]
            item = {"name": name, "type": kind, "value": self._id(kind, value)}
            given.append(item | ({"focused": True} if key == focused else {}))
        return given

    def _id(self, kind: int, value: Any) -> Any:
        world = self.server.world
        if kind == 7:
            return world.channel_named(str(value)).id
        if kind == 6:
            return world.user_named(str(value)).id
        if kind == 11:
            filename, content = value
            return people.upload(self.server.hub, self.channel_id, filename, content)
        if kind == 8:
            return next(r.id for r in world.roles.values() if value in (r.id, r.name))
        return value

    def _field(self, row: Json, fields: Json) -> Json:
        field: Json = row["component"] if row["type"] == 18 else row["components"][0]
        label = str(row.get("label") or field.get("label") or "")
        names = (field["custom_id"], label, label.replace(" ", "_"))
        value = next((fields[name] for name in names if name in fields), None)
        filled = {"type": field["type"], "custom_id": field["custom_id"]}
        if field["type"] in (4, 21, 23):
            return filled | {"value": field.get("value") if value is None else value}
        chosen: list[Any] = [value] if isinstance(value, str | tuple) else list(value or ())
        if field["type"] == UPLOAD:
            chosen = [self._id(people.FILE, file) for file in chosen]
        elif field["type"] in NAMED_BY_MENU:
            chosen = self._chosen(field, chosen)
        return filled | {"values": chosen}
