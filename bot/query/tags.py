"""Tag identity: which spellings are one tag, and the spelling that is shown."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from bot.query.folding import straight, visible

_DOTTED = re.compile(r"(?:[a-z]\.)+[a-z]?\.?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEFAULT_SLUG = re.compile(r"uncategori[sz]ed(?:-[a-z]{2,3}|-\d+)?")
_DEFAULT_KEYS = frozenset(("uncategorized", "uncategorised"))


@lru_cache(maxsize=4096)
def tag_key(name: str) -> str:
    """Return the normal form by which tags are one and the same; empty: no tag at all.

    Case, width, entities, quotes, spaces and the dots of letter runs (U.N.) fold; accents and
    hyphens do not.
    """
    text = unicodedata.normalize("NFKC", _unescaped(name))
    text = visible(_spaced(text)).casefold()
    # Casefolding can take characters apart again (İ) or reveal others that fold.
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = " ".join(straight(text).split())
    return text.replace(".", "") if _DOTTED.fullmatch(text) else text


def tag_display(name: str) -> str:
    """Return a name as people read it: entities resolved, spaces and invisible marks tidied."""
    text = visible(_spaced(unicodedata.normalize("NFC", _unescaped(name))))
    return " ".join(text.split())


def is_default_category(name: str, slug: str | None) -> bool:
    """Tell whether a category is only WordPress's own default, whatever its language calls it."""
    if slug is not None and _DEFAULT_SLUG.fullmatch(slug.strip().casefold()):
        return True
    return tag_key(name) in _DEFAULT_KEYS


def _unescaped(name: str) -> str:
    # Feeds escape once too often; a third time would change names that mean an entity.
    return html.unescape(html.unescape(name))


def _spaced(text: str) -> str:
    return _CONTROL.sub(lambda found: " " if found[0].isspace() else "", text)
