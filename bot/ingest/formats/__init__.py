"""Every form a news archive comes in, read into one shape: bytes in, a Reading out.

Pure: no I/O and no clock. Detection goes by content; one module reads one form, and is loaded with
the first document of it: the parsers of all together take a fifth of a second.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from bot.errors import UnreadableError
from bot.ingest.decode import decode, inflate
from bot.ingest.formats.sniff import Form, binary_kind, sniff
from bot.ingest.limits import MAX_FILE_ITEMS, MAX_ITEMS
from bot.ingest.plain import clean_text, cut
from bot.model import Reading

__all__ = ["read"]

_LONGEST_SHOWN = 60


def read(
    data: bytes,
    *,
    content_type: str | None = None,
    url: str | None = None,
    name: str | None = None,
    expect: Literal["feed"] | None = None,
    allow_comments: bool = False,
) -> Reading:
    """Read a document of any accepted form; `url` resolves relative links, `name` is for reports.

    With `expect="feed"` a page, an export or plain text is an error, as where a challenge page
    comes in a feed's place. Raises UnreadableError, which says what was found.
    """
    where = name or url or ""
    data = inflate(data)
    kind = binary_kind(data)
    if kind is not None:
        raise UnreadableError(f"ingest.form_binary_{kind}")
    text = decode(data, content_type)
    form = sniff(text)
    if form is Form.JSON:
        return _read_json(text, url, where, expect)
    if form is Form.SYNDICATION:
        from bot.ingest.formats import syndication

        return syndication.read(
            text, url=url, where=where, allow_comments=allow_comments, limit=_limit(expect)
        )
    if form in _WORDS:
        raise UnreadableError(_WORDS[form])
    if expect == "feed":
        raise _no_feed(form, text)
    return _read_archive(form, text, url, where)


def _read_archive(form: Form, text: str, url: str | None, where: str) -> Reading:
    if form is Form.WXR:
        from bot.ingest.formats import wxr

        return wxr.read(text, where=where)
    if form is Form.OPML:
        from bot.ingest.formats import opml

        return opml.read(text, where=where)
    if form is Form.HTML:
        from bot.ingest.formats import archive_html

        return archive_html.read(text, url=url, where=where)
    from bot.ingest.formats import archive_text

    return archive_text.read(text, where=where)


_WORDS = {
    Form.EMPTY: "ingest.form_empty",
    Form.SITEMAP: "ingest.form_sitemap",
    Form.XML: "ingest.form_other_xml",
}


def _read_json(text: str, url: str | None, where: str, expect: str | None) -> Reading:
    from bot.ingest.formats import archive_text, json_feed, rest

    try:
        document: Any = json.loads(text)
    except json.JSONDecodeError as error:
        # Plain text may begin with a bracket too.
        if expect is None and text.lstrip()[:1] == "[" and archive_text.is_archive(text):
            return archive_text.read(text, where=where)
        raise UnreadableError(
            "ingest.form_bad_json", line=error.lineno, column=error.colno
        ) from error
    except RecursionError as error:
        raise UnreadableError("ingest.form_bad_json", line=1, column=1) from error
    if json_feed.is_json_feed(document):
        return json_feed.read(document, url=url, where=where, limit=_limit(expect))
    return rest.read(document, url=url, where=where)


def _limit(expect: str | None) -> int:
    # A polled feed is a stranger's; a file was handed over to be read whole.
    return MAX_ITEMS if expect == "feed" else MAX_FILE_ITEMS


def _no_feed(form: Form, text: str) -> UnreadableError:
    if form is Form.HTML:
        from bot.ingest.formats import archive_html

        title = cut(archive_html.page_title(text), _LONGEST_SHOWN)
        return UnreadableError("ingest.form_page_not_feed", title=title)
    if form is Form.TEXT:
        start = cut(clean_text(text[:200]), _LONGEST_SHOWN)
        return UnreadableError("ingest.form_text_not_feed", start=start)
    return UnreadableError(f"ingest.form_{form}_not_feed")
