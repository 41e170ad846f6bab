"""How near texts are in meaning, by static word vectors: where the `vectors` extra is installed.

wordllama ships its vectors inside the package, so nothing is downloaded. They are loaded when
somebody first asks for what only they tell, never while articles are recorded.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.query.packing import unpacked
from bot.store.postings import Array
from bot.store.rows import many

if TYPE_CHECKING:
    import numpy as np
else:
    from bot.store import arrays as np

_log = logging.getLogger(__name__)

_PACKAGE = "wordllama"
# An opening tells what an article is about as well as all of it does.
_OPENING = 200
_KEPT = 5_000  # half a kilobyte each


class Vectors:
    """Tells how near texts are to one another. Asked on readers' threads."""

    def __init__(self, package: str = _PACKAGE) -> None:
        self._spec = find_spec(package)
        self._lock = threading.Lock()
        self._loading: threading.Thread | None = None
        self._model: Any = None
        self._kept: OrderedDict[int, Array] = OrderedDict()

    def near(self, connection: sqlite3.Connection, typed: str, ids: Sequence[int]) -> Array | None:
        """Return how near each article is to what was typed, -1 to 1.

        None without vectors, and while they are loaded: nobody waits for them.
        """
        if not ids or not typed.strip() or not self._is_ready():
            return None
        return self._near(typed, openings(connection, ids), ids)

    def alike(
        self, connection: sqlite3.Connection, article_id: int, ids: Sequence[int]
    ) -> Array | None:
        """Return how near each article is to another one, as above."""
        if not ids or not self._is_ready():
            return None
        texts = openings(connection, [article_id, *ids])
        return self._near(texts.get(article_id, ""), texts, ids)

    def agree(self, is_meant: bool) -> bool:
        """Return whether an order that was begun with meaning, or without, can go on with it.

        Loads the vectors where it can only go on with them, so that pages do not shift.
        """
        return is_meant and (self._model is not None or self.load())

    def load(self) -> bool:
        """Load the vectors, which takes a second or two; return whether they are there now."""
        if self._spec is None or self._spec.origin is None:
            return False
        try:
            from wordllama import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
                WordLlama,
            )

            # It looks for its tokenizer beside itself only where that is called its cache.
            folder = Path(self._spec.origin).parent
            self._model = WordLlama.load(cache_dir=folder, disable_download=True)
        except Exception:
            # Whatever is wrong with the package: the order is made without it.
            self._spec = None
            _log.warning("vectors.failed", exc_info=True)
            return False
        return True

    def _is_ready(self) -> bool:
        if self._model is None and self._spec is not None:
            with self._lock:
                if self._loading is None:
                    self._loading = threading.Thread(target=self.load, name="vectors")
                    self._loading.start()
        return self._model is not None

    def _near(self, to: str, texts: Mapping[int, str], ids: Sequence[int]) -> Array:
        with self._lock:
            found = self._of([to, *(texts.get(article_id, "") for article_id in ids)])
        near: Array = found[1:] @ found[0]
        return near

    def _of(self, texts: Sequence[str]) -> Array:
        """Return the vectors of texts, each of length 1 or 0."""
        by_key = {hash(text): text for text in texts}
        missing = {key: text for key, text in by_key.items() if key not in self._kept}
        if missing:
            made = self._model.embed(list(missing.values())).astype(np.float32)
            lengths = np.linalg.norm(made, axis=1, keepdims=True)
            made = np.nan_to_num(made / np.maximum(lengths, 1e-9)).astype(np.float16)
            self._kept.update(zip(missing, made, strict=True))
        found: Array = np.array([self._kept[hash(text)] for text in texts], np.float32)
        for key in by_key:
            self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found


def openings(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the title and the first words of articles."""
    rows = connection.execute(
        "SELECT id, title, blocks FROM articles WHERE id IN (SELECT value FROM json_each(:ids))",
        {"ids": many(ids)},
    )
    return {row["id"]: " ".join(_words(row["title"], row["blocks"])) for row in rows}


def _words(title: str, blocks: str) -> Iterator[str]:
    left = _OPENING
    for part in (title, *(block.text for block in unpacked(blocks))):
        words = part.split(maxsplit=left)[:left]
        yield from words
        left -= len(words)
        if left <= 0:
            return
