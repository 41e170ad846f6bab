"""Defects reported to a Sentry of the operator's: off unless TAGWIRE_SENTRY_DSN is given.

What leaves is which error, where in the code, and ids: no message of an exception, no variable,
no request, for each of them may hold a member's words or a secret.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot import __version__
from bot.errors import TagwireError
from bot.log import redact

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "sdk")
_FRAME = ("filename", "function", "module", "lineno", "in_app")


def start(dsn: str) -> None:
    """Report what is logged as an error from here on.

    Raises TagwireError without the package, and for what is no DSN.
    """
    try:
        import sentry_sdk
        from sentry_sdk.integrations.atexit import AtexitIntegration
        from sentry_sdk.integrations.logging import LoggingIntegration
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise TagwireError("app.sentry_missing") from None
    errors = LoggingIntegration(level=None, event_level=logging.ERROR)
    try:
        sentry_sdk.init(
            dsn=dsn,
            release=__version__,
            before_send=scrubbed,
            default_integrations=False,
            integrations=[errors, AtexitIntegration(callback=lambda _pending, _timeout: None)],
            include_local_variables=False,
            max_breadcrumbs=0,
        )
    except BadDsn:
        raise TagwireError("app.sentry_dsn") from None


def scrubbed(event: Event, _: Hint) -> Event:
    """Return what of an event may leave the machine."""
    told: dict[str, Any] = {key: event[key] for key in _KEPT if key in event}  # type: ignore[literal-required]
    # Our own events are names; what another library logs is a sentence with anything in it.
    own = str(event.get("logger", "")).startswith(("bot", "cogs"))
    message = (event.get("logentry") or {}).get("message")
    if own and message:
        told["logentry"] = {"message": redact(str(message))}
    told["extra"] = {k: v for k, v in (event.get("extra") or {}).items() if isinstance(v, int)}
    causes = (event.get("exception") or {}).get("values") or []
    told["exception"] = {"values": [_bare(cause) for cause in causes]}
    return told  # type: ignore[return-value]


def _bare(cause: Mapping[str, Any]) -> dict[str, Any]:
    frames = (cause.get("stacktrace") or {}).get("frames") or []
    bare = [{key: frame[key] for key in _FRAME if key in frame} for frame in frames]
    return {**{k: cause.get(k) for k in ("type", "module")}, "stacktrace": {"frames": bare}}
