"""Not written yet."""

from __future__ import annotations

from bot.errors import UnreadableError
from bot.model import Reading


def read(text: object, *, url: str | None = None, where: str = "") -> Reading:
    """Refuse: this form is not read yet."""
    raise UnreadableError("ingest.form_empty")


def page_title(text: str) -> str:
    """Return nothing yet."""
    return ""
