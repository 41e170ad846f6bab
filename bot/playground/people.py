"""What people do in the playground: say something, use commands, press, choose, fill in."""

from typing import Any

from bot.playground import limits, posting
from bot.playground.hub import Hub
from bot.playground.interactions import (
    COMMAND,
    COMPONENT,
    MODAL,
    Interaction,
    Interactions,
    may_use,
)
from bot.playground.permissions import Permission, in_channel
from bot.playground.refusals import Refused
from bot.playground.validate.components import UPLOAD, file_bounds, walk
from bot.playground.validate.messages import check_message
from bot.playground.world import ANNOUNCEMENT, CROSSPOSTED, FORUMS, THREADS, Channel, Message

Json = dict[str, Any]

SUBCOMMAND, GROUP, FILE = 1, 2, 11
KINDS = {6: "users", 7: "channels", 8: "roles", FILE: "attachments"}
SELECT_KINDS = {5: ("users",), 6: ("roles",), 7: ("users", "roles"), 8: ("channels",)}


class NotPossible(Exception):
    """A person cannot do this; the text says why."""


def person_channel(hub: Hub, user_id: str, channel_id: str) -> Channel:
    """Return a channel that the person can see; raises NotPossible."""
    channel = hub.world.channels.get(channel_id)
    if channel is None:
        raise NotPossible("This channel is gone.")
    bits = in_channel(hub.world, user_id, channel, hub.clock.now())
    if not bits & Permission.VIEW_CHANNEL:
        raise NotPossible("You do not have access to this channel.")
    return channel


def say(hub: Hub, user_id: str, channel_id: str, text: str) -> Message:
    """Post what a person typed."""
    channel = person_channel(hub, user_id, channel_id)
    bits = in_channel(hub.world, user_id, channel, hub.clock.now())
    in_thread = channel.type in THREADS
    needed = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
    if channel.type in FORUMS or not bits & needed:
        raise NotPossible("You do not have permission to send messages in this channel.")
    form = {"content": text}
    try:
        check_message(form)
    except Refused as no:
        raise NotPossible(no.message) from None
    message, _ = posting.post(hub, channel, form, posting.Origin(user_id))
    return message


def crosspost(hub: Hub, user_id: str, message_id: str) -> Message:
    """Publish an announcement: one's own, or another's with Manage Messages."""
    message = hub.world.find_message(message_id)
    if message is None:
        raise NotPossible("This message is gone.")
    channel = person_channel(hub, user_id, message.channel_id)
    bits = in_channel(hub.world, user_id, channel, hub.clock.now())
    own = message.author_id == user_id
    if not bits & (Permission.SEND_MESSAGES if own else Permission.MANAGE_MESSAGES):
        raise NotPossible("You do not have permission to publish this message.")
    if channel.type != ANNOUNCEMENT:
        raise NotPossible("Only messages of an announcement channel can be published.")
    if message.flags & CROSSPOSTED:
        raise NotPossible("This message has already been published.")
    if wait_s := hub.limiter.publish(channel.id):
        minutes = int(wait_s / 60) + 1
        raise NotPossible(f"Ten messages an hour can be published. Try again in {minutes} minutes.")
    return posting.crosspost(hub, message)


def upload(hub: Hub, channel_id: str, filename: str, content: bytes) -> str:
    """Keep a file that a person gives to a command or form; return the id that stands for it."""
    if len(content) > limits.ATTACHMENT_BYTES:
        raise NotPossible("Your files are too powerful. The max file size is 10 MB.")
    kind = "application/json" if filename.endswith(".json") else "application/octet-stream"
    given = posting.Upload("0", filename, kind, content)
    (kept,) = posting.attach(hub, channel_id, [], (given,))
    hub.world.uploads[kept["id"]] = kept
    return str(kept["id"])


def find_command(hub: Hub, command_id: str) -> Json:
    """Return a registered command; raises NotPossible."""
    command = hub.world.commands.get(command_id)
    if command is None:
        raise NotPossible("This command is outdated, please try again in a few minutes.")
    return command


def leaf_options(options: list[Json]) -> list[Json]:
    """Return the options that carry values, below group and subcommand."""
    while options and options[0].get("type") in (SUBCOMMAND, GROUP):
        options = options[0].get("options") or []
    return options


def full_name(command: Json, options: list[Json]) -> str:
    """Return the command's name with its group and subcommand."""
    names = [str(command["name"])]
    while options and options[0].get("type") in (SUBCOMMAND, GROUP):
        names.append(str(options[0]["name"]))
        options = options[0].get("options") or []
    return " ".join(names)


def declared_options(command: Json, options: list[Json]) -> list[Json]:
    """Return the declared options of the subcommand that the given options choose."""
    declared: list[Json] = command.get("options") or []
    while options and options[0].get("type") in (SUBCOMMAND, GROUP):
        inner = [d for d in declared if d["name"] == options[0]["name"]]
        if not inner:
            raise NotPossible("This command is outdated, please try again in a few minutes.")
        declared = inner[0].get("options") or []
        options = options[0].get("options") or []
    return declared


def _command_data(
    interactions: Interactions,
    user_id: str,
    command: Json,
    options: list[Json],
    target_id: str | None,
) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    ids: dict[str, list[str]] = {"asker": [user_id]}
    if command["type"] == 1:
        data["options"] = options
        for option in leaf_options(options):
            for kind in _kinds_of(interactions.hub, option):
                ids.setdefault(kind, []).append(str(option["value"]))
    else:
        data["target_id"] = target_id
        ids["users" if command["type"] == 2 else "messages"] = [str(target_id)]
    if len(ids) > 1:
        data["resolved"] = interactions.resolved(ids)
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data


def _kinds_of(hub: Hub, option: Json) -> tuple[str, ...]:
    kind = option.get("type")
    if kind == 9:
        return ("users",) if option["value"] in hub.world.users else ("roles",)
    return (KINDS[kind],) if kind in KINDS else ()


def use_command(
    interactions: Interactions,
    user_id: str,
    channel_id: str,
    command_id: str,
    options: list[Json],
    target_id: str | None = None,
) -> Interaction:
    """Send a command as Discord's client would: checked against what is declared."""
    hub = interactions.hub
    channel = person_channel(hub, user_id, channel_id)
    command = find_command(hub, command_id)
    if not may_use(hub, command, user_id, channel):
        raise NotPossible("You do not have permission to use this command.")
    declared = declared_options(command, options)
    _check_values(declared, leaf_options(options))
    data = _command_data(interactions, user_id, command, options, target_id)
    name = full_name(command, options)
    return interactions.begin(COMMAND, user_id, channel, data, name=name)


def _check_values(declared: list[Json], given: list[Json]) -> None:
    by_name = {option["name"]: option for option in declared}
    values = {option["name"]: option.get("value") for option in given}
    for name in values:
        if name not in by_name:
            raise NotPossible(f"Unknown option: {name}")
    for name, option in by_name.items():
        if name not in values:
            if option.get("required"):
                raise NotPossible("This option is required. Specify a value.")
            continue
        _check_value(option, values[name])


def _check_value(option: Json, value: Any) -> None:
    kinds: dict[int, type | tuple[type, ...]] = {3: str, 4: int, 5: bool, 10: (int, float)}
    if not isinstance(value, kinds.get(option["type"], str)):
        raise NotPossible("Input a valid value.")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise NotPossible("Option is invalid. Choose from the list.")
    if isinstance(value, str):
        low, high = option.get("min_length") or 0, option.get("max_length") or 6000
        if not low <= len(value) <= high:
            raise NotPossible(f"Value must be {low} to {high} characters long.")
    elif not isinstance(value, bool):
        for key, sign in (("min_value", 1), ("max_value", -1)):
            bound = option.get(key)
            if bound is not None and (value - bound) * sign < 0:
                raise NotPossible(f"Value must be {'at least' if sign > 0 else 'at most'} {bound}.")


async def autocomplete(
    interactions: Interactions, user_id: str, channel_id: str, command_id: str, options: list[Json]
) -> list[Json]:
    """Return the bot's choices for the option that has focused: true."""
    hub = interactions.hub
    channel = person_channel(hub, user_id, channel_id)
    command = find_command(hub, command_id)
    declared = {d["name"]: d for d in declared_options(command, options)}
    focused = [o for o in leaf_options(options) if o.get("focused")]
    if len(focused) != 1 or not declared.get(focused[0]["name"], {}).get("autocomplete"):
        raise NotPossible("This option has no suggestions.")
    data = _command_data(interactions, user_id, command, options, None)
    option_type = declared[focused[0]["name"]]["type"]
    return await interactions.autocomplete(user_id, channel, data, option_type)


def use_component(
    interactions: Interactions,
    user_id: str,
    message_id: str,
    custom_id: str,
    values: list[str] | None = None,
) -> Interaction:
    """Press a button, or choose from a menu, of a message that the person sees."""
    hub = interactions.hub
    message = hub.world.find_message(message_id)
    if message is None or message.for_user_id not in (None, user_id):
        raise NotPossible("This message is gone.")
    channel = person_channel(hub, user_id, message.channel_id)
    component = find_component(message, custom_id)
    data: Json = {
        "custom_id": custom_id,
        "component_type": component["type"],
        "id": component["id"],
    }
    if component["type"] != 2:
        data["values"] = _chosen(component, values or [])
        ids: dict[str, list[str]] = {"asker": [user_id]}
        for kind in SELECT_KINDS.get(component["type"], ()):
            known = getattr(hub.world, kind)
            ids[kind] = [value for value in values or [] if value in known]
        if len(ids) > 1:
            data["resolved"] = interactions.resolved(ids)
    return interactions.begin(COMPONENT, user_id, channel, data, source=message)


def find_component(message: Message, custom_id: str) -> Json:
    """Return an enabled component of a message; raises NotPossible."""
    for component in walk(list(message.components)):
        if component.get("custom_id") == custom_id:
            if component.get("disabled"):
                raise NotPossible("This control is disabled.")
            return component
    raise NotPossible("This message has no such control.")


def _chosen(component: Json, values: list[str]) -> list[str]:
    low, high = component.get("min_values", 1), component.get("max_values", 1)
    if not low <= len(values) <= high:
        raise NotPossible(f"Choose {low} to {high}.")
    if component["type"] == 3:
        offered = {option["value"] for option in component["options"]}
        if not set(values) <= offered:
            raise NotPossible("This choice is not offered.")
    return values


def open_form(
    interactions: Interactions, user_id: str, interaction_id: str, custom_id: str
) -> Interaction:
    """Return the interaction that a person's open form answers; raises NotPossible."""
    opener = interactions.by_id.get(interaction_id)
    if opener is None or opener.modal is None or opener.user_id != user_id:
        raise NotPossible("This form is gone.")
    if opener.modal["custom_id"] != custom_id:
        raise NotPossible("This form is gone.")
    return opener


def submit_modal(
    interactions: Interactions,
    user_id: str,
    interaction_id: str,
    custom_id: str,
    components: list[Json],
) -> Interaction:
    """Send a modal back, filled in; raises NotPossible where a required field is empty."""
    hub = interactions.hub
    opener = open_form(interactions, user_id, interaction_id, custom_id)
    filled = _filled(hub, (opener.modal or {})["components"], components)
    channel = person_channel(hub, user_id, opener.channel_id)
    data: Json = {"custom_id": custom_id, "components": filled}
    ids = _modal_ids(hub, filled)
    if ids:
        data["resolved"] = interactions.resolved(ids | {"asker": [user_id]})
    return interactions.begin(MODAL, user_id, channel, data, source=opener.source)


def _filled(hub: Hub, declared: list[Json], given: list[Json]) -> list[Json]:
    values = {c["custom_id"]: c for c in walk(given) if c.get("custom_id")}
    out = []
    for row in declared:
        if row["type"] == 10:
            out.append({"type": 10, "id": row["id"]})
            continue
        field = row["component"] if row["type"] == 18 else row["components"][0]
        answer = _answer(hub, field, values.get(field["custom_id"], {}))
        key = {"component": answer} if row["type"] == 18 else {"components": [answer]}
        out.append({"type": row["type"], "id": row["id"]} | key)
    return out


def _answer(hub: Hub, field: Json, given: Json) -> Json:
    answer: Json = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]}
    kind = field["type"]
    if kind == 4:
        text = str(given.get("value") or "")
        low, high = field.get("min_length") or 0, field.get("max_length") or 4000
        if field.get("required", True) and not text:
            raise NotPossible("This field is required.")
        if text and not low <= len(text) <= high:
            raise NotPossible(f"Must be {low} to {high} characters long.")
        return answer | {"value": text}
    if kind == 23:
        return answer | {"value": bool(given.get("value"))}
    if kind == 21:
        if field.get("required", True) and not given.get("value"):
            raise NotPossible("This field is required.")
        return answer | {"value": given.get("value")}
    chosen = list(given.get("values") or [])
    if field.get("required", True) and not chosen and field.get("min_values") != 0:
        raise NotPossible("This field is required.")
    if kind == UPLOAD:
        _check_files(hub, field, chosen)
    return answer | {"values": chosen}


def _check_files(hub: Hub, field: Json, chosen: list[str]) -> None:
    low, high = file_bounds(field)
    if chosen and not low <= len(chosen) <= high:
        raise NotPossible(f"Choose {low} to {high} files." if high > 1 else "Choose one file.")
    if not set(chosen) <= set(hub.world.uploads):
        raise NotPossible("This file is gone. Choose it again.")


def _modal_ids(hub: Hub, filled: list[Json]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for component in walk(filled):
        if component["type"] == UPLOAD and component["values"]:
            ids.setdefault("attachments", []).extend(component["values"])
        for kind in SELECT_KINDS.get(component["type"], ()):
            known = getattr(hub.world, kind)
            ids.setdefault(kind, []).extend(v for v in component["values"] if v in known)
    return ids
