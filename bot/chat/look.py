"""How a subscription's posts look, read from what is stored and checked when it is chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.chat.room import ACCENT
from bot.chat.template import Template, parsed
from bot.errors import TagwireError

Form = Literal["card", "compact", "image", "thread"]
FORMS: tuple[Form, ...] = ("card", "compact", "image", "thread")
PARTS = ("authors", "source", "date", "tags", "excerpt", "image", "buttons")
SHOWN = frozenset(PARTS) - {"tags"}


@dataclass(frozen=True, slots=True)
class Look:
    """What a post shows and in which form. `join_role_id` is the role that members may take."""

    form: Form = "card"
    accent: int = ACCENT
    parts: frozenset[str] = SHOWN
    template: Template = ()
    join_role_id: int | None = None


def look_of(stored: Mapping[str, object]) -> Look:
    """Read what is stored; what cannot be read is left at its default, so that posts still go."""
    accent, shown = stored.get("accent"), stored.get("parts")
    role, written = stored.get("join_role_id"), stored.get("template")
    try:
        template = parsed(written) if isinstance(written, str) else ()
    except TagwireError:
        template = ()
    return Look(
        form=next((form for form in FORMS if form == stored.get("form")), "card"),
        accent=accent if isinstance(accent, int) and 0 <= accent <= 0xFFFFFF else ACCENT,
        parts=frozenset(PARTS) & set(shown) if isinstance(shown, list) else SHOWN,
        template=template,
        join_role_id=role if isinstance(role, int) else None,
    )


def accent_of(typed: str) -> int:
    """Read a colour such as #2f6db5. Raises TagwireError `chat.bad_colour`."""
    found = re.fullmatch(r"(?:#|0x)?([0-9a-f]{6})", typed.strip().lower())
    if found is None:
        raise TagwireError("chat.bad_colour", typed=typed)
    return int(found[1], 16)


def parts_of(typed: str) -> list[str]:
    """Read the parts to show, such as "source, date". Raises TagwireError `chat.bad_part`."""
    words = [word.strip().lower() for word in re.split(r"[,;\s]+", typed) if word.strip()]
    for word in words:
        if word not in PARTS:
            raise TagwireError("chat.bad_part", typed=word, known=", ".join(PARTS))
    return [part for part in PARTS if part in words]
