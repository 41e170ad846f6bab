"""One violation of each rule: what Discord refuses, the loopback Discord refuses."""

import io
from typing import Any

import aiohttp
import pytest

from bot.playground.server import Server

V2 = 1 << 15


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def button(custom_id: str = "b", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": custom_id} | more


def menu(options: Any = None, **more: Any) -> dict[str, Any]:
    given = [{"label": "a", "value": "a"}] if options is None else options
    return {"type": 3, "custom_id": "m", "options": given} | more


def text(content: str = "x") -> dict[str, Any]:
    return {"type": 10, "content": content}


def v2(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"flags": V2, "components": list(components)} | more


def section(*texts: Any, accessory: Any = None) -> dict[str, Any]:
    return {"type": 9, "components": list(texts), "accessory": accessory}


def gallery(count: int) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": "https://a.example/p.png"}}] * count}


EMBED = {"title": "x"}
LINK = {"type": 2, "style": 5, "label": "Go", "url": "https://a.example/"}

MESSAGES: dict[str, tuple[dict[str, Any], str]] = {
    "content over 2000": ({"content": "x" * 2001}, "content:BASE_TYPE_MAX_LENGTH"),
    "eleven embeds": ({"embeds": [EMBED] * 11}, "embeds:BASE_TYPE_MAX_LENGTH"),
    "embed title": ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title:BASE_TYPE_MAX_LENGTH"),
    "embed description": (
        {"embeds": [{"description": "x" * 4097}]},
        "embeds.0.description:BASE_TYPE_MAX_LENGTH",
    ),
    "embed footer": (
        {"embeds": [{"footer": {"text": "x" * 2049}}]},
        "embeds.0.footer.text:BASE_TYPE_MAX_LENGTH",
    ),
    "embed author": (
        {"embeds": [{"author": {"name": "x" * 257}}]},
        "embeds.0.author.name:BASE_TYPE_MAX_LENGTH",
    ),
    "26 embed fields": (
        {"embeds": [{"fields": [{"name": "a", "value": "b"}] * 26}]},
        "embeds.0.fields:BASE_TYPE_MAX_LENGTH",
    ),
    "field name": (
        {"embeds": [{"fields": [{"name": "x" * 257, "value": "b"}]}]},
        "embeds.0.fields.0.name:BASE_TYPE_BAD_LENGTH",
    ),
    "field value": (
        {"embeds": [{"fields": [{"name": "a", "value": ""}]}]},
        "embeds.0.fields.0.value:BASE_TYPE_REQUIRED",
    ),
    "6000 over all embeds": (
        {"embeds": [{"description": "x" * 3001}] * 2},
        "embeds:MAX_EMBED_SIZE_EXCEEDED",
    ),
    "empty embed": ({"embeds": [{}]}, "embeds.0:BASE_TYPE_REQUIRED"),
    "embed url scheme": (
        {"embeds": [EMBED | {"url": "javascript:x"}]},
        "embeds.0.url:URL_TYPE_INVALID_SCHEME",
    ),
    "embed url form": (
        {"embeds": [EMBED | {"url": "https://"}]},
        "embeds.0.url:URL_TYPE_INVALID_URL",
    ),
    "embed colour": (
        {"embeds": [EMBED | {"color": 1 << 24}]},
        "embeds.0.color:NUMBER_TYPE_MAX",
    ),
    "long nonce": ({"content": "x", "nonce": "n" * 26}, "nonce:NONCE_TYPE_TOO_LONG"),
    "101 allowed ids": (
        {"content": "x", "allowed_mentions": {"users": [str(n) for n in range(101)]}},
        "allowed_mentions.users:BASE_TYPE_MAX_LENGTH",
    ),
    "parse and ids": (
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions:MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
    "unknown parse": (
        {"content": "x", "allowed_mentions": {"parse": ["all"]}},
        "allowed_mentions.parse.0:BASE_TYPE_CHOICES",
    ),
    "eleven attachments": (
        {"content": "x", "attachments": [{"id": n} for n in range(11)]},
        "attachments:BASE_TYPE_MAX_LENGTH",
    ),
    "reply to nothing": (
        {"content": "x", "message_reference": {"message_id": "1"}},
        "message_reference:REPLIES_UNKNOWN_MESSAGE",
    ),
    "six rows": (
        {"content": "x", "components": [row(button(str(n))) for n in range(6)]},
        "components:BASE_TYPE_MAX_LENGTH",
    ),
    "six buttons": (
        {"content": "x", "components": [row(*(button(str(n)) for n in range(6)))]},
        "components.0.components:BASE_TYPE_BAD_LENGTH",
    ),
    "empty row": (
        {"content": "x", "components": [row()]},
        "components.0.components:BASE_TYPE_BAD_LENGTH",
    ),
    "menu beside button": (
        {"content": "x", "components": [row(button(), menu())]},
        "components.0.components:COMPONENT_LAYOUT_WIDTH_EXCEEDED",
    ),
    "text display without the flag": (
        {"content": "x", "components": [text()]},
        "components.0.type:UNION_TYPE_CHOICES",
    ),
    "no custom_id": (
        {"content": "x", "components": [row(button(custom_id=""))]},
        "components.0.components.0.custom_id:BASE_TYPE_REQUIRED",
    ),
    "long custom_id": (
        {"content": "x", "components": [row(button("x" * 101))]},
        "components.0.components.0.custom_id:BASE_TYPE_BAD_LENGTH",
    ),
    "custom_id twice": (
        {"content": "x", "components": [row(button(), button())]},
        "components:COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    "id twice": (v2(text() | {"id": 5}, text() | {"id": 5}), "components:COMPONENT_ID_DUPLICATED"),
    "button label": (
        {"content": "x", "components": [row(button(label="x" * 81))]},
        "components.0.components.0.label:BASE_TYPE_MAX_LENGTH",
    ),
    "button without words": (
        {"content": "x", "components": [row(button(label=None))]},
        "components.0.components.0:BUTTON_COMPONENT_MUST_HAVE_LABEL_OR_EMOJI",
    ),
    "button style": (
        {"content": "x", "components": [row(button(style=9))]},
        "components.0.components.0.style:BASE_TYPE_CHOICES",
    ),
    "link with custom_id": (
        {"content": "x", "components": [row(LINK | {"custom_id": "x"})]},
        "components.0.components.0:BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
    ),
    "button with url": (
        {"content": "x", "components": [row(button(url="https://a.example/"))]},
        "components.0.components.0:BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
    ),
    "long link": (
        {"content": "x", "components": [row(LINK | {"url": "https://a.example/" + "x" * 500})]},
        "components.0.components.0.url:BASE_TYPE_BAD_LENGTH",
    ),
    "link scheme": (
        {"content": "x", "components": [row(LINK | {"url": "ftp://a.example/"})]},
        "components.0.components.0.url:URL_TYPE_INVALID_SCHEME",
    ),
    "no options": (
        {"content": "x", "components": [row(menu([]))]},
        "components.0.components.0.options:BASE_TYPE_BAD_LENGTH",
    ),
    "26 options": (
        {
            "content": "x",
            "components": [row(menu([{"label": "a", "value": str(n)} for n in range(26)]))],
        },
        "components.0.components.0.options:BASE_TYPE_BAD_LENGTH",
    ),
    "option label": (
        {"content": "x", "components": [row(menu([{"label": "x" * 101, "value": "a"}]))]},
        "components.0.components.0.options.0.label:BASE_TYPE_BAD_LENGTH",
    ),
    "option value": (
        {"content": "x", "components": [row(menu([{"label": "x", "value": "a" * 101}]))]},
        "components.0.components.0.options.0.value:BASE_TYPE_BAD_LENGTH",
    ),
    "option description": (
        {
            "content": "x",
            "components": [row(menu([{"label": "x", "value": "a", "description": "x" * 101}]))],
        },
        "components.0.components.0.options.0.description:BASE_TYPE_MAX_LENGTH",
    ),
    "option value twice": (
        {"content": "x", "components": [row(menu([{"label": "x", "value": "a"}] * 2))]},
        "components.0.components.0.options.1.value:SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
    ),
    "too many defaults": (
        {
            "content": "x",
            "components": [
                row(menu([{"label": n, "value": n, "default": True} for n in ("a", "b")]))
            ],
        },
        "components.0.components.0.options:SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES",
    ),
    "placeholder": (
        {"content": "x", "components": [row(menu(placeholder="x" * 151))]},
        "components.0.components.0.placeholder:BASE_TYPE_MAX_LENGTH",
    ),
    "min over max": (
        {"content": "x", "components": [row(menu(min_values=2))]},
        "components.0.components.0.max_values:NUMBER_TYPE_MAX",
    ),
    "max over options": (
        {"content": "x", "components": [row(menu(max_values=3))]},
        "components.0.components.0.max_values:NUMBER_TYPE_MAX",
    ),
    "content with V2": (
        v2(text(), content="x"),
        "content:MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    "embed with V2": (
        v2(text(), embeds=[EMBED]),
        "embeds:MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    "41 components": (v2(*[text() for _ in range(41)]), "components:MAX_COMPONENTS_EXCEEDED"),
    "41 components nested": (
        v2({"type": 17, "components": [text() for _ in range(40)]}),
        "components:MAX_COMPONENTS_EXCEEDED",
    ),
    "4001 characters of text": (
        v2(text("x" * 2000), text("x" * 2001)),
        "components:COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
    ),
    "empty text": (v2(text("  ")), "components.0.content:BASE_TYPE_REQUIRED"),
    "section without accessory": (
        v2(section(text())),
        "components.0.accessory:BASE_TYPE_REQUIRED",
    ),
    "section with four texts": (
        v2(section(*[text()] * 4, accessory=button())),
        "components.0.components:BASE_TYPE_BAD_LENGTH",
    ),
    "section with a menu": (
        v2(section(text(), accessory=menu())),
        "components.0.accessory.type:UNION_TYPE_CHOICES",
    ),
    "eleven pictures": (v2(gallery(11)), "components.0.items:BASE_TYPE_BAD_LENGTH"),
    "no pictures": (v2(gallery(0)), "components.0.items:BASE_TYPE_BAD_LENGTH"),
    "alt text": (
        v2(
            {
                "type": 12,
                "items": [{"media": {"url": "https://a.example/"}, "description": "x" * 1025}],
            }
        ),
        "components.0.items.0.description:BASE_TYPE_MAX_LENGTH",
    ),
    "picture scheme": (
        v2({"type": 12, "items": [{"media": {"url": "data:image/png,x"}}]}),
        "components.0.items.0.media.url:URL_TYPE_INVALID_SCHEME",
    ),
    "separator spacing": (
        v2({"type": 14, "spacing": 3}),
        "components.0.spacing:BASE_TYPE_CHOICES",
    ),
    "container in container": (
        v2({"type": 17, "components": [{"type": 17, "components": [text()]}]}),
        "components.0.components.0.type:UNION_TYPE_CHOICES",
    ),
    "accent colour": (
        v2({"type": 17, "components": [text()], "accent_color": 1 << 24}),
        "components.0.accent_color:NUMBER_TYPE_MAX",
    ),
    "file that was not sent": (
        v2({"type": 13, "file": {"url": "attachment://a.txt"}}),
        "components:UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
    ),
    "file by address": (
        v2({"type": 13, "file": {"url": "https://a.example/f"}}),
        "components.0.file.url:URL_TYPE_INVALID_SCHEME",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
async def test_a_message_is_refused(server: Server, api: Any, name: str) -> None:
    form, expected = MESSAGES[name]
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    got = await api("POST", path, form)
    assert (got.status, got.body.get("code")) == (400, 50035)
    assert got.codes() == {expected}
    assert not server.world.in_channel(server.world.channel_named("general").id)


FITTING: dict[str, dict[str, Any]] = {
    "content": {"content": "x" * 2000},
    "embeds": {"embeds": [{"description": "x" * 600}] * 10},
    "fields": {"embeds": [{"fields": [{"name": "a", "value": "b"}] * 25}]},
    "rows": {
        "content": "x",
        "components": [row(*(button(f"{r}{n}") for n in range(5))) for r in range(5)],
    },
    "options": {
        "content": "x",
        "components": [row(menu([{"label": "x" * 100, "value": f"{n:0100}"} for n in range(25)]))],
    },
    "V2": v2(*[text("x" * 100) for _ in range(40)]),
    "V2 nested": v2({"type": 17, "components": [text("é" * 100) for _ in range(39)]}),
    "section": v2(section(text(), text(), text(), accessory=button())),
    "gallery": v2(gallery(10)),
    "link": {"content": "x", "components": [row(LINK)]},
}


@pytest.mark.parametrize("name", FITTING)
async def test_what_just_fits_is_taken(server: Server, api: Any, name: str) -> None:
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    got = await api("POST", path, FITTING[name])
    assert got.status == 200, got.body


@pytest.mark.parametrize("form", [{}, {"content": "   "}, {"components": []}])
async def test_an_empty_message_is_refused(server: Server, api: Any, form: Any) -> None:
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    got = await api("POST", path, form)
    assert (got.status, got.body["code"]) == (400, 50006)


async def test_too_many_bytes_of_text_are_a_server_error(server: Server, api: Any) -> None:
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    assert (await api("POST", path, v2(text("漢" * 4000)))).status == 500
    # 10,170 bytes in one display: 3,386 characters of three bytes and twelve for the display.
    assert (await api("POST", path, v2(text("漢" * 3386)))).status == 200
    assert (await api("POST", path, v2(text("漢" * 3387)))).status == 500


async def test_broken_json_and_large_bodies_are_refused(server: Server, api: Any) -> None:
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    kind = {"Content-Type": "application/json"}
    got = await api("POST", path, data=b"{", headers=kind)
    assert got.body["code"] == 50109
    got = await api("POST", path, ["x"])
    assert got.body["code"] == 50109
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "x"}')
    form.add_field("files[0]", io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)), filename="big.png")
    got = await api("POST", path, data=form)
    assert got.body["code"] == 50045
    got = await api("POST", path, data=io.BytesIO(b"x" * (25 * 1024 * 1024 + 1)), headers=kind)
    assert (got.status, got.body["code"]) == (413, 40005)


async def test_the_v2_flag_is_set_once_and_for_all(server: Server, api: Any) -> None:
    path = f"/channels/{server.world.channel_named('general').id}/messages"
    old = (await api("POST", path, {"content": "x"})).body["id"]
    kept = await api("PATCH", f"{path}/{old}", v2(text()))
    assert kept.codes() == {"content:MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"}
    changed = await api("PATCH", f"{path}/{old}", v2(text(), content=None))
    assert changed.body["flags"] == V2
    back = await api("PATCH", f"{path}/{old}", {"flags": 0, "content": "x"})
    assert back.body["code"] == 50035
    emptied = await api("PATCH", f"{path}/{old}", {"components": []})
    assert emptied.body["code"] == 50006


def option(name: str = "o", **more: Any) -> dict[str, Any]:
    return {"type": 3, "name": name, "description": "x"} | more


def command(**more: Any) -> dict[str, Any]:
    return {"name": "c", "description": "x"} | more


COMMANDS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "capital": ([command(name="Tag")], "0.name:APPLICATION_COMMAND_INVALID_NAME"),
    "long name": ([command(name="x" * 33)], "0.name:APPLICATION_COMMAND_INVALID_NAME"),
    "space": ([command(name="a b")], "0.name:APPLICATION_COMMAND_INVALID_NAME"),
    "no description": ([command(description="")], "0.description:BASE_TYPE_REQUIRED"),
    "description": ([command(description="x" * 101)], "0.description:BASE_TYPE_BAD_LENGTH"),
    "localized name": (
        [command(name_localizations={"de": "A B"})],
        "0.name_localizations.de:APPLICATION_COMMAND_INVALID_NAME",
    ),
    "26 options": (
        [command(options=[option(f"o{n}") for n in range(26)])],
        "0.options:BASE_TYPE_MAX_LENGTH",
    ),
    "option twice": (
        [command(options=[option(), option()])],
        "0.options.1:APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED",
    ),
    "required after optional": (
        [command(options=[option("a"), option("b", required=True)])],
        "0.options.1:APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    "option beside subcommand": (
        [command(options=[option("a"), {"type": 1, "name": "b", "description": "x"}])],
        "0.options:APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
    ),
    "26 choices": (
        [command(options=[option(choices=[{"name": str(n), "value": "v"} for n in range(26)])])],
        "0.options.0.choices:BASE_TYPE_MAX_LENGTH",
    ),
    "choice name": (
        [command(options=[option(choices=[{"name": "x" * 101, "value": "v"}])])],
        "0.options.0.choices.0.name:BASE_TYPE_BAD_LENGTH",
    ),
    "choices with autocomplete": (
        [command(options=[option(choices=[{"name": "x", "value": "v"}], autocomplete=True)])],
        "0.options.0.autocomplete:APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
    ),
    "max_length": (
        [command(options=[option(max_length=6001)])],
        "0.options.0.max_length:NUMBER_TYPE_MAX",
    ),
    "option type": ([command(options=[option(type=12)])], "0.options.0.type:BASE_TYPE_CHOICES"),
    "8000 in all": (
        [
            command(
                options=[
                    option(
                        f"o{n}",
                        choices=[{"name": "x" * 100, "value": "y" * 100} for _ in range(25)],
                    )
                    for n in range(2)
                ]
            )
        ],
        "0:APPLICATION_COMMAND_TOO_LARGE",
    ),
    "described context menu": (
        [{"type": 3, "name": "Why this?", "description": "x"}],
        "0.description:APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED",
    ),
    "same name twice": ([command(), command()], ":APPLICATION_COMMANDS_DUPLICATE_NAME"),
}


@pytest.mark.parametrize("name", COMMANDS)
async def test_commands_are_refused(server: Server, api: Any, name: str) -> None:
    forms, expected = COMMANDS[name]
    got = await api("PUT", f"/applications/{server.world.bot_id}/commands", forms)
    assert (got.status, got.body["code"]) == (400, 50035)
    assert got.codes() == {expected}
    assert server.world.commands == {}


async def test_too_many_commands_are_refused(server: Server, api: Any) -> None:
    path = f"/applications/{server.world.bot_id}/commands"
    many = [command(name=f"c{n}") for n in range(101)]
    assert (await api("PUT", path, many)).body["code"] == 30032
    menus = [{"type": 3, "name": f"M {n}"} for n in range(16)]
    assert (await api("PUT", path, menus)).body["code"] == 30032
    assert (await api("PUT", path, many[:100] + menus[:15])).status == 200


async def test_an_overwrite_keeps_ids_and_changes_versions_of_what_changed(
    server: Server, api: Any
) -> None:
    path = f"/applications/{server.world.bot_id}/commands"
    first = (await api("PUT", path, [command(), command(name="d")])).body
    second = (await api("PUT", path, [command(), command(name="d", description="y")])).body
    assert [c["id"] for c in first] == [c["id"] for c in second]
    assert first[0]["version"] == second[0]["version"]
    assert first[1]["version"] != second[1]["version"]
    assert (await api("PUT", path, [command()])).status == 200
    assert [c["name"] for c in (await api("GET", path)).body] == ["c"]
    assert (await api("GET", "/applications/1/commands")).body["code"] == 10002
