"""Checks the addresses inside forms."""

import re
from typing import Any

from bot.playground.refusals import Problems


def check_url(
    url: Any, path: tuple[str | int, ...], problems: Problems, *, attachment: bool = False
) -> None:
    """Note an address that is not http, https or (where allowed) attachment."""
    if url is None:
        return
    schemes = ("http", "https", "attachment") if attachment else ("http", "https")
    scheme = str(url).partition(":")[0].lower()
    if scheme not in schemes:
        text = f'Scheme "{scheme}" is not supported. Scheme must be one of {schemes}.'
        problems.add(path, "URL_TYPE_INVALID_SCHEME", text)
    elif not re.fullmatch(r"[a-z]+://[^\s/?#]+\S*", str(url), re.IGNORECASE):
        problems.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
