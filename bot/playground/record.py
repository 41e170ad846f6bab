"""Writes a session of the page down, one step a line, and plays it again on a fresh server.

A step says who did what where, by names: ids and times differ from run to run.
"""

import base64
import json
from pathlib import Path
from typing import Any, TextIO

from bot.playground import people
from bot.playground.aftermath import LATER_S
from bot.playground.driver import NAMED_BY_MENU, Answer, Driver, controls
from bot.playground.feed import item_of
from bot.playground.people import NotPossible
from bot.playground.server import Server
from bot.playground.validate.components import BUTTON, SELECTS, UPLOAD, walk
from bot.playground.world import LOADING, Message, World

Json = dict[str, Any]
VERSION = 1
NAMED = {6: "users", 7: "channels", 8: "roles"}


class Recorder:
    """Writes each step of the visitors and of the site into a file as it happens."""

    def __init__(self, server: Server, out: TextIO) -> None:
        self._hub = server.hub
        self._world = server.world
        self._out = out
        self._write({"tagwire_session": VERSION})
        server.sockets.on_deed = self.step
        server.feed.on_tick = lambda: self._write({"publish": True})

    def step(self, user_id: str, asked: Json) -> None:
        """Write what a person is about to do; what only looks is no step."""
        described = self._described(user_id, asked)
        if described is not None:
            self._write({"as": self._world.users[user_id].username} | described)

    def _described(self, user_id: str, asked: Json) -> Json | None:
        place = {"in": self._channel(asked.get("channel_id"))}
        match asked["op"]:
            case "say":
                return place | {"say": str(asked["text"])}
            case "command":
                command = people.find_command(self._hub, str(asked["command_id"]))
                options = list(asked.get("options") or [])
                given = {o["name"]: self._value(o) for o in people.leaf_options(options)}
                named = {"command": people.full_name(command, options), "options": given}
                return place | named | self._target(user_id, asked.get("target_id"))
            case "component":
                return self._component(user_id, asked)
            case "modal":
                fields = [one for one in walk(list(asked["components"])) if _is_field(one)]
                return {"submit": [self._answer(one) for one in fields]}
            case "publish":
                return {"publish": True}
            case "crosspost":
                message = self._world.find_message(str(asked["message_id"]))
                if message is None:
                    return None
                place = {"in": self._channel(message.channel_id)}
                return place | {"of": _place(self._world, message, user_id), "crosspost": True}
            case "trouble":
                return place | {"trouble": str(asked["kind"])}
            case _:
                return None

    def _target(self, user_id: str, target_id: object) -> Json:
        """Say what a context menu is used on: a message, or a person."""
        message = self._world.find_message(str(target_id))
        if message is not None:
            return {"of": _place(self._world, message, user_id)}
        user = self._world.users.get(str(target_id))
        return {"on": user.username} if user else {}

    def _component(self, user_id: str, asked: Json) -> Json | None:
        message = self._world.find_message(str(asked["message_id"]))
        if message is None:
            return None
        component = people.find_component(message, str(asked["custom_id"]))
        name = component.get("label") or component.get("placeholder") or component["custom_id"]
        place = {"in": self._channel(message.channel_id)}
        step: Json = place | {"of": _place(self._world, message, user_id)}
        types = (BUTTON,) if component["type"] == BUTTON else SELECTS
        alike = controls(list(message.components), types, name)
        # Custom ids differ from run to run, so controls of one name are told apart by their order.
        nth = next(n for n, one in enumerate(alike) if one["custom_id"] == component["custom_id"])
        which = {"nth": nth} if nth else {}
        if component["type"] == BUTTON:
            return step | {"press": name} | which
        chosen = self._chosen(component, asked.get("values") or [])
        return step | {"select": name, "values": chosen} | which

    def _chosen(self, menu: Json, values: list[str]) -> list[Any]:
        """Name what was chosen: by label, by place where labels are alike, by name, by content."""
        options = menu.get("options") or []
        labels = [option["label"] for option in options]
        named = {
            option["value"]: option["label"] if labels.count(option["label"]) == 1 else place
            for place, option in enumerate(options)
        }
        kind = NAMED_BY_MENU.get(menu["type"], 3)
        return [named.get(v) or self._value({"type": kind, "value": v}) for v in values]

    def _channel(self, channel_id: object) -> str | None:
        channel = self._world.channels.get(str(channel_id))
        return channel.name if channel else None

    def _value(self, option: Json) -> Any:
        if option.get("type") == people.FILE:
            return _file(option["value"])
        kind = NAMED.get(option.get("type", 3))
        found = getattr(self._world, kind).get(option["value"]) if kind else None
        return option["value"] if found is None else getattr(found, "username", None) or found.name

    def _answer(self, component: Json) -> Json:
        if "values" not in component:
            return {"value": component.get("value")}
        values = component["values"]
        if component["type"] == UPLOAD:
            return {"values": [_file(one) for one in values]}
        kind = NAMED_BY_MENU.get(component["type"], 3)
        return {"values": [self._value({"type": kind, "value": value}) for value in values]}

    def _write(self, step: Json) -> None:
        self._out.write(json.dumps(step, ensure_ascii=False) + "\n")
        self._out.flush()


def _place(world: World, message: Message, user_id: str) -> Json:
    """Say which message is meant: the person's n-th newest answer, its item, or its words."""
    answers = answers_to(world, message.channel_id, user_id)
    if message in answers:
        return {"answer": answers[::-1].index(message)}
    item = _item(message)
    return {"said": message.content} if item is None and message.content else {"item": item}


def _item(message: Message) -> str | None:
    return item_of([*message.components, *message.embeds, message.content])


def answers_to(world: World, channel_id: str, user_id: str) -> list[Message]:
    """Return the answers of a channel that a person got, oldest first."""
    messages = world.in_channel(channel_id).values()
    mine = [m for m in messages if m.asked and m.asked.user_id == user_id and not m.flags & LOADING]
    return sorted(mine, key=lambda message: int(message.id))


def _is_field(component: Json) -> bool:
    return "custom_id" in component


def _file(given: Json) -> Json:
    return {"file": given["name"], "data": given["data"]}


def _given(value: Any) -> Any:
    """Return what a step gives: a file as its name and content."""
    if isinstance(value, dict) and "file" in value:
        return value["file"], base64.b64decode(value["data"])
    return [_given(one) for one in value] if isinstance(value, list) else value


class Replay:
    """Plays a session on a running server, one step after the other, each to its end."""

    def __init__(self, server: Server, steps: list[Json]) -> None:
        self.server = server
        self.steps = steps
        self.last: Answer | None = None

    @classmethod
    def read(cls, server: Server, path: Path) -> "Replay":
        """Read a session's file. Raises NotPossible for one that is none."""
        try:
            lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
            if lines[0]["tagwire_session"] != VERSION:
                raise ValueError(lines[0])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise NotPossible(f"{path.name} is no recorded session: {error}") from None
        return cls(server, lines[1:])

    async def play(self) -> int:
        """Take every step; returns how many. Raises NotPossible naming the step that cannot be."""
        for number, step in enumerate(self.steps, 1):
            try:
                await self._take(step)
            except (NotPossible, KeyError, TimeoutError) as error:
                raise NotPossible(
                    f"Step {number} of {len(self.steps)}: {step}: {error!r}"
                ) from None
        return len(self.steps)

    async def _take(self, step: Json) -> None:
        bench = self.server.bench
        if "publish" in step:
            await self._published()
            return
        driver = Driver(self.server, step["as"], step.get("in") or "general")
        if "say" in step:
            driver.say(step["say"])
        elif "trouble" in step:
            await bench.make(step["trouble"], driver.channel_id)
            await self._settled(driver)
        elif "command" in step:
            options = {name: _given(value) for name, value in step["options"].items()}
            target = self._target(step, driver)
            self._keep(await driver.command(step["command"], _target=target, **options))
        elif "crosspost" in step:
            driver.crosspost(self._message(step, driver))
        elif "press" in step:
            message, nth = self._message(step, driver), step.get("nth", 0)
            self._keep(await driver.press(message, step["press"], nth))
        elif "select" in step:
            message, nth = self._message(step, driver), step.get("nth", 0)
            values = step["values"]
            self._keep(await driver.select(message, step["select"], *values, nth=nth))
        elif "submit" in step:
            await self._submit(driver, step["submit"])

    def _keep(self, answer: Answer) -> None:
        if answer.error is not None:
            raise NotPossible(answer.error)
        self.last = answer

    async def _submit(self, driver: Driver, values: list[Json]) -> None:
        if self.last is None or self.last.modal is None:
            raise NotPossible("No form is open.")
        fields = [one for one in walk(self.last.modal["components"]) if _is_field(one)]
        given = {
            field["custom_id"]: _given(value.get("values", value.get("value")))
            for field, value in zip(fields, values, strict=True)
        }
        self._keep(await driver.submit(self.last, **given))

    async def _published(self) -> None:
        """Publish an item and wait until the bot has read it, where it reads the feed at all."""
        feed = self.server.feed
        new = feed.publish()
        if self.server.hub.bot_online and not feed.down:
            await Driver(self.server).until(lambda: feed.read >= new.number, LATER_S)

    async def _settled(self, driver: Driver) -> None:
        check = self.server.bench.checks.kept[-1]
        await driver.until(lambda: check.state != "waiting", LATER_S)

    def _target(self, step: Json, driver: Driver) -> str | None:
        if "of" in step:
            return str(self._message(step, driver)["id"])
        return self.server.world.user_named(step["on"]).id if "on" in step else None

    def _message(self, step: Json, driver: Driver) -> Json:
        world = self.server.world
        if "answer" in step["of"]:
            found = answers_to(world, driver.channel_id, driver.user_id)[::-1]
            return {"id": found[step["of"]["answer"]].id, "components": []}
        for message in world.in_channel(driver.channel_id).values():
            about = {"item": _item(message), "said": message.content}
            if step["of"].items() <= about.items() and message.asked is None:
                return {"id": message.id, "components": []}
        raise NotPossible("The message is not there.")
