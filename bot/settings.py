"""Settings: read from environment, `.env` and a TOML file when a verb is called, never at import.

Each setting is described once, in SETTINGS; docs/reference/settings.md and `tagwire config` are
made from that table.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values

from bot.errors import TagwireError

Kind = Literal[
    "text", "folder", "number", "whole", "switch", "choice", "language", "address", "ports", "ids"
]

HOME = "TAGWIRE_HOME"
CONFIG = "TAGWIRE_CONFIG"
DEFAULT_CONFIG = "tagwire.toml"
ENV_FILE = ".env"
ENVIRONMENT = "environment"
DEFAULT = "default"

_PREFIX = "TAGWIRE_"
_BENCH = "_BENCH_"  # read by the benchmarks, and no setting
_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name, the field of Settings it fills, what it accepts and its default.

    Its meaning is the sentence `settings.FIELD`. `least` and `most` are inclusive.
    """

    name: str
    field: str
    kind: Kind
    default: str | float | bool | tuple[int, ...] | None
    secret: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def file_key(self) -> str:
        """The setting's name in a TOML file: `TAGWIRE_HOST_GAP` is `host_gap` there."""
        return self.name.removeprefix(_PREFIX).lower()

    @property
    def meaning(self) -> str:
        """The key of the sentence that says what the setting is for."""
        return f"settings.{self.field}"


SETTINGS: tuple[Setting, ...] = (
    Setting("TAGWIRE_TOKEN", "token", "text", None, secret=True),
    Setting("TAGWIRE_DATA", "data", "folder", "data"),
    Setting("TAGWIRE_POLL_INTERVAL", "poll_interval_s", "number", 900.0, least=0.1, most=2_592_000),
    Setting("TAGWIRE_ALLOW_PRIVATE_FEEDS", "allow_private_feeds", "switch", False),
    Setting("TAGWIRE_DISCORD_API", "discord_api", "address", None),
    Setting("TAGWIRE_SHARDS", "shards", "whole", 0, least=0, most=16_384),
    Setting("TAGWIRE_CONTACT", "contact", "text", None),
    Setting("TAGWIRE_LANGUAGE", "language", "language", "en", choices=("en", "es", "fr", "ja")),
    Setting("TAGWIRE_FEED_PORTS", "feed_ports", "ports", (80, 443, 8080, 8443)),
    Setting("TAGWIRE_POLL_CONCURRENCY", "poll_concurrency", "whole", 8, least=1, most=256),
    Setting("TAGWIRE_HOST_GAP", "host_gap_s", "number", 1.0, least=0, most=3600),
    Setting("TAGWIRE_CORRECTION_DELAY", "correction_delay_s", "number", 30.0, least=0, most=3600),
    Setting("TAGWIRE_FEEDS_PER_GUILD", "feeds_per_guild", "whole", 20, least=0, most=10_000),
    Setting(
        "TAGWIRE_SUBSCRIPTIONS_PER_GUILD",
        "subscriptions_per_guild",
        "whole",
        50,
        least=0,
        most=10_000,
    ),
    Setting(
        "TAGWIRE_LOG_LEVEL",
        "log_level",
        "choice",
        "info",
        choices=("debug", "info", "warning", "error"),
    ),
    Setting("TAGWIRE_LOG_FORMAT", "log_format", "choice", "human", choices=("human", "json")),
    Setting("TAGWIRE_METRICS_PORT", "metrics_port", "whole", 0, least=0, most=65_535),
    Setting("TAGWIRE_METRICS_HOST", "metrics_host", "text", "127.0.0.1"),
    Setting("TAGWIRE_BLOCKED_GUILDS", "blocked_guilds", "ids", ()),
    Setting("TAGWIRE_KEEP_DAYS", "keep_days", "whole", 0, least=0, most=36_500),
    Setting("TAGWIRE_KEEP_ARTICLES", "keep_articles", "whole", 0, least=0, most=10_000_000),
    Setting("TAGWIRE_VIEW_DAYS", "view_days", "whole", 365, least=30, most=36_500),
    Setting("TAGWIRE_AUDIT_DAYS", "audit_days", "whole", 730, least=30, most=36_500),
    Setting("TAGWIRE_POST_DAYS", "post_days", "whole", 400, least=30, most=36_500),
    Setting("TAGWIRE_LEFT_DAYS", "left_days", "whole", 30, least=1, most=36_500),
    Setting("TAGWIRE_SENTRY_DSN", "sentry_dsn", "text", None, secret=True),
    Setting("TAGWIRE_TRACE_FD", "trace_fd", "whole", 0, least=0, most=65_535),
    Setting("TAGWIRE_PARENT", "parent", "whole", 0, least=0, most=4_194_304),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting as a typed value. `given` names those that were not left at their default."""

    token: str | None = field(default=None, repr=False)
    data: Path = Path("data")
    poll_interval_s: float = 900.0
    allow_private_feeds: bool = False
    discord_api: str | None = None
    shards: int = 0
    contact: str | None = None
    language: str = "en"
    feed_ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    poll_concurrency: int = 8
    host_gap_s: float = 1.0
    correction_delay_s: float = 30.0
    feeds_per_guild: int = 20
    subscriptions_per_guild: int = 50
    log_level: str = "info"
    log_format: str = "human"
    metrics_port: int = 0
    metrics_host: str = "127.0.0.1"
    blocked_guilds: frozenset[int] = frozenset()
    keep_days: int = 0
    keep_articles: int = 0
    view_days: int = 365
    audit_days: int = 730
    post_days: int = 400
    left_days: int = 30
    sentry_dsn: str | None = field(default=None, repr=False)
    trace_fd: int = 0
    parent: int = 0
    given: frozenset[str] = frozenset()

    @property
    def fixed_poll_interval_s(self) -> float | None:
        """The interval the operator fixed, or None where feeds are polled at their own rhythm."""
        return self.poll_interval_s if "poll_interval_s" in self.given else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as `tagwire config` shows it: value in words, secrets masked, and its origin.

    The origin is `environment`, `default`, or the name of the file that it was read from.
    """

    setting: Setting
    value: str
    origin: str


def read() -> Settings:
    """Read the settings now. Raises TagwireError naming setting, value and what is accepted.

    A setting is taken from the environment, else from `.env`, else from the TOML file. Files and
    the default data folder are looked for in TAGWIRE_HOME, else the working directory.
    """
    found = _found()
    values = {s.field: _value(s, found.get(s.name)) for s in SETTINGS}
    given = frozenset(s.field for s in SETTINGS if s.name in found)
    if "data" not in given:
        values["data"] = _home() / "data"
    return Settings(**values, given=given)  # type: ignore[arg-type]


def shown() -> tuple[Shown, ...]:
    """Return every setting with its value and origin for a person, secrets masked."""
    found = _found()
    return tuple(
        Shown(s, _masked(s, found[s.name].text), found[s.name].origin)
        if s.name in found
        else Shown(s, default_words(s), DEFAULT)
        for s in SETTINGS
    )


def language() -> str:
    """Return the language that was given, whatever else is wrong: that is told in it."""
    name = "TAGWIRE_LANGUAGE"
    try:
        given = _found().get(name)
    except TagwireError:
        return os.environ.get(name) or "en"
    return given.text if given else "en"


def unknown_names() -> tuple[str, ...]:
    """Return what is named like a setting in the environment or `.env` and is none.

    In a TOML file such a name is refused; the environment may be meant for another version.
    """
    known = {name for s in SETTINGS for name in (s.name, f"{s.name}_FILE")} | {HOME, CONFIG}
    names = {name for _, values in _layers() for name in values}
    return tuple(sorted(n for n in names - known if n.startswith(_PREFIX) and _BENCH not in n))


@dataclass(frozen=True, slots=True)
class _Given:
    """A setting's value as written, and where it was written."""

    text: str
    origin: str


def _home() -> Path:
    return Path(os.environ.get(HOME) or ".")


def _found() -> Mapping[str, _Given]:
    """Return what was given for each setting, by its name, from the strongest place."""
    layers = tuple(_layers())
    found: dict[str, _Given] = {}
    for setting in SETTINGS:
        for origin, values in layers:
            if (given := _given(setting.name, values, origin)) is not None:
                found[setting.name] = given
                break
    return found


def _layers() -> Iterator[tuple[str, Mapping[str, str]]]:
    yield ENVIRONMENT, os.environ
    path = _home() / ENV_FILE
    if path.is_file():
        with _readable(ENV_FILE):
            values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
            yield ENV_FILE, {name: value or "" for name, value in values.items()}
    named = os.environ.get(CONFIG)
    path = Path(named) if named else _home() / DEFAULT_CONFIG
    if named or path.is_file():
        yield str(named or DEFAULT_CONFIG), _toml(path, str(named or DEFAULT_CONFIG))


def _toml(path: Path, shown_as: str) -> Mapping[str, str]:
    with _readable(shown_as), path.open("rb") as file:
        values = tomllib.load(file)
    keys = {s.file_key: s.name for s in SETTINGS}
    keys.update({f"{s.file_key}_file": f"{s.name}_FILE" for s in SETTINGS})
    for key in values:
        if key not in keys:
            raise TagwireError("settings.unknown", name=key, file=shown_as)
    return {keys[key]: _written(value) for key, value in values.items()}


def _written(value: object) -> str:
    """Return a value of TOML as it would be written in the environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(_written, value))
    return str(value)


def _given(name: str, values: Mapping[str, str], origin: str) -> _Given | None:
    # An empty value counts as not given: compose files write `NAME=` for what is left out.
    file = values.get(f"{name}_FILE")
    if file:
        with _readable(f"{name}_FILE"):
            text = Path(file).read_text(encoding="utf-8").strip()
        return _Given(text, file) if text else None
    text = values.get(name, "").strip()
    return _Given(text, origin) if text else None


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except tomllib.TOMLDecodeError as error:
        raise TagwireError("settings.not_toml", name=name, what=str(error)) from None
    except (OSError, ValueError) as error:
        what = type(error).__name__
        raise TagwireError("settings.file_unreadable", name=name, what=what) from None


def _value(setting: Setting, given: _Given | None) -> object:
    if given is None:
        default = setting.default
        return frozenset(default) if isinstance(default, tuple) else default
    try:
        return _parsed(setting, given.text)
    except (KeyError, ValueError):
        raise TagwireError(
            "settings.wrong",
            name=setting.name,
            value=_masked(setting, given.text),
            accepted=accepted(setting),
            origin=given.origin,
        ) from None


def accepted(setting: Setting) -> str:
    """Return what the setting accepts, in the notation of the reference (`0.1 … 3600`)."""
    match setting.kind:
        case "number" | "whole":
            return f"{_plain(setting.least)} … {_plain(setting.most)}"
        case "switch":
            return "true, false"
        case "choice" | "language":
            return ", ".join(setting.choices)
        case "address":
            return "http://…, https://…"
        case "ports":
            return "80,443"
        case "ids":
            return "123456789012345678,…"
        case "folder" | "text":
            return "…"


def _parsed(setting: Setting, text: str) -> object:
    match setting.kind:
        case "text":
            return text
        case "folder":
            return Path(text)
        case "number":
            return _within(setting, float(text))
        case "whole":
            return _within(setting, int(text))
        case "switch":
            return _SWITCHES[text.lower()]
        case "choice":
            return _one_of(text.lower(), setting.choices)
        case "language":
            # "es-ES" is Spanish too, as it is to Discord.
            return _one_of(text.split("-")[0].lower(), setting.choices)
        case "address":
            return _address(text)
        case "ports":
            return frozenset(_port(part) for part in text.split(",") if part.strip())
        case "ids":
            return frozenset(_id(part) for part in text.split(",") if part.strip())


def _within(setting: Setting, number: float) -> float:
    # Written so that "not a number" is refused as well.
    if not (setting.least or 0) <= number <= (setting.most or 0):
        raise ValueError(number)
    return number


def _one_of(word: str, choices: tuple[str, ...]) -> str:
    if word not in choices:
        raise ValueError(word)
    return word


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in text:
        raise ValueError(text)
    parts.port  # noqa: B018 - raises for a port that is none
    return text


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65_536:
        raise ValueError(text)
    return port


def _id(text: str) -> int:
    number = int(text)
    if not 0 < number < 2**63:
        raise ValueError(text)
    return number


def _masked(setting: Setting, text: str) -> str:
    return "***" if setting.secret else text


def default_words(setting: Setting) -> str:
    """Return the default as it would be written in `.env`; empty where there is none."""
    match setting.default:
        case None:
            return ""
        case bool(switch):
            return "true" if switch else "false"
        case tuple(numbers):
            return ",".join(map(str, numbers))
        case float(number):
            return _plain(number)
        case other:
            return str(other)


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}" if number < 1e6 else str(int(number))
