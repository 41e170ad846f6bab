"""Settings: read from the environment and `.env` when a verb is called, never at import.

Each setting is described once, in SETTINGS; docs/reference/settings.md and `tagwire config` are
made from that table.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from environs import EnvError, FileAwareEnv, validate

from bot.errors import TagwireError

Kind = Literal["text", "folder", "number", "whole", "switch", "choice", "address", "ports"]

HOME = "TAGWIRE_HOME"


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
    def meaning(self) -> str:
        """The key of the sentence that says what the setting is for."""
        return f"settings.{self.field}"


SETTINGS: tuple[Setting, ...] = (
    Setting("TAGWIRE_TOKEN", "token", "text", None, secret=True),
    Setting("TAGWIRE_DATA", "data", "folder", "data"),
    Setting("TAGWIRE_POLL_INTERVAL", "poll_interval_s", "number", 900.0, least=0.1, most=2_592_000),
    Setting("TAGWIRE_ALLOW_PRIVATE_FEEDS", "allow_private_feeds", "switch", False),
    Setting("TAGWIRE_DISCORD_API", "discord_api", "address", None),
    Setting("TAGWIRE_CONTACT", "contact", "text", None),
    Setting("TAGWIRE_LANGUAGE", "language", "text", "en"),
    Setting("TAGWIRE_FEED_PORTS", "feed_ports", "ports", (80, 443, 8080, 8443)),
    Setting("TAGWIRE_POLL_CONCURRENCY", "poll_concurrency", "whole", 8, least=1, most=256),
    Setting("TAGWIRE_HOST_GAP", "host_gap_s", "number", 1.0, least=0, most=3600),
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
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting as a typed value. `given` names those that were not left at their default."""

    token: str | None = field(default=None, repr=False)
    data: Path = Path("data")
    poll_interval_s: float = 900.0
    allow_private_feeds: bool = False
    discord_api: str | None = None
    contact: str | None = None
    language: str = "en"
    feed_ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    poll_concurrency: int = 8
    host_gap_s: float = 1.0
    feeds_per_guild: int = 20
    subscriptions_per_guild: int = 50
    log_level: str = "info"
    log_format: str = "human"
    metrics_port: int = 0
    metrics_host: str = "127.0.0.1"
    given: frozenset[str] = frozenset()

    @property
    def fixed_poll_interval_s(self) -> float | None:
        """The interval the operator fixed, or None where feeds are polled at their own rhythm."""
        return self.poll_interval_s if "poll_interval_s" in self.given else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as `tagwire config` shows it: value in words, secrets masked, and its origin."""

    setting: Setting
    value: str
    origin: Literal["environment", "file", ".env", "default"]


def read() -> Settings:
    """Read the settings now. Raises TagwireError naming setting, value and what is accepted.

    `.env` and the default data folder are looked for in TAGWIRE_HOME, else the working directory.
    """
    env = _environment()
    values = {s.field: _value(env, s) for s in SETTINGS}
    given = frozenset(s.field for s in SETTINGS if _raw(env, s) is not None)
    if "data" not in given:
        values["data"] = _home() / "data"
    return Settings(**values, given=given)  # type: ignore[arg-type]


def shown() -> tuple[Shown, ...]:
    """Return every setting with its value and origin for a person, secrets masked."""
    env = _environment()
    return tuple(Shown(s, _words(env, s), _origin(env, s)) for s in SETTINGS)


def _home() -> Path:
    return Path(os.environ.get(HOME) or ".")


def _environment() -> FileAwareEnv:
    env = FileAwareEnv(strip_whitespace=True)
    path = _home() / ".env"
    try:
        if path.is_file():
            env.read_env(path, recurse=False)
    except (OSError, ValueError) as error:
        raise TagwireError(
            "settings.file_unreadable", name=".env", what=type(error).__name__
        ) from None
    return env


def _raw(env: FileAwareEnv, setting: Setting) -> str | None:
    # An empty value counts as not given: compose files write `NAME=` for what is left out.
    try:
        return env.str(setting.name, None) or None
    except (OSError, ValueError) as error:
        raise TagwireError(
            "settings.file_unreadable", name=f"{setting.name}_FILE", what=type(error).__name__
        ) from None


def _value(env: FileAwareEnv, setting: Setting) -> object:
    raw = _raw(env, setting)
    if raw is None:
        default = setting.default
        return frozenset(default) if isinstance(default, tuple) else default
    try:
        return _parsed(env, setting)
    except (EnvError, ValueError):
        raise TagwireError(
            "settings.wrong",
            name=setting.name,
            value="***" if setting.secret else raw,
            accepted=accepted(setting),
        ) from None


def accepted(setting: Setting) -> str:
    """Return what the setting accepts, in the notation of the reference (`0.1 … 3600`)."""
    match setting.kind:
        case "number" | "whole":
            return f"{_plain(setting.least)} … {_plain(setting.most)}"
        case "switch":
            return "true, false"
        case "choice":
            return ", ".join(setting.choices)
        case "address":
            return "http://…, https://…"
        case "ports":
            return "80,443"
        case "folder" | "text":
            return "…"


def _parsed(env: FileAwareEnv, setting: Setting) -> object:
    name = setting.name
    ranged = validate.Range(min=setting.least, max=setting.most)
    match setting.kind:
        case "text":
            return env.str(name).strip()
        case "folder":
            return env.path(name)
        case "number":
            return env.float(name, validate=ranged)
        case "whole":
            return env.int(name, validate=ranged)
        case "switch":
            return env.bool(name)
        case "choice":
            return _one_of(env.str(name).strip().lower(), setting.choices)
        case "address":
            return env.str(
                name, validate=validate.URL(schemes={"http", "https"}, require_tld=False)
            )
        case "ports":
            return frozenset(_port(part) for part in env.str(name).split(",") if part.strip())


def _one_of(word: str, choices: tuple[str, ...]) -> str:
    if word not in choices:
        raise ValueError(word)
    return word


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65_536:
        raise ValueError(text)
    return port


def _origin(
    env: FileAwareEnv, setting: Setting
) -> Literal["environment", "file", ".env", "default"]:
    if _raw(env, setting) is None:
        return "default"
    if os.environ.get(f"{setting.name}_FILE"):
        return "file"
    return "environment" if os.environ.get(setting.name) else ".env"


def _words(env: FileAwareEnv, setting: Setting) -> str:
    raw = _raw(env, setting)
    if raw is not None:
        return "***" if setting.secret else raw
    return default_words(setting)


def default_words(setting: Setting) -> str:
    """Return the default as it would be written in `.env`; empty where there is none."""
    match setting.default:
        case None:
            return ""
        case bool(switch):
            return "true" if switch else "false"
        case tuple(ports):
            return ",".join(map(str, ports))
        case float(number):
            return _plain(number)
        case other:
            return str(other)


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}" if number < 1e6 else str(int(number))
