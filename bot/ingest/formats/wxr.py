"""WordPress exports (WXR 1.0 to 1.2), item by item, in memory that does not grow with the file.

The stream is cut at item ends and each item parsed by itself with xml.etree, so that one broken
item costs no other. A DOCTYPE is cut out with the header, so no entity is ever declared. Comments,
mail and IP addresses are never read.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import BinaryIO, cast
from urllib.parse import unquote
from xml.etree import ElementTree

from bot.errors import UnreadableError
from bot.ingest.clean import Markup, name_text, read_html, title_text
from bot.ingest.compose import Parts, compose
from bot.ingest.dates import parse_date
from bot.ingest.decode import decode
from bot.ingest.formats.mending import mended, without_doctype
from bot.ingest.formats.sniff import Form, sniff
from bot.ingest.links import fold_site, safe_link
from bot.model import Entry, Problem, Reading, Term

FORM = "WordPress export"
_CHUNK = 1 << 18
_LONGEST_ITEM = 32 * 1024 * 1024
_LONGEST_HEADER = 32 * 1024 * 1024
_MOST_PROBLEMS = 100
_ITEM_START = re.compile(rb"<item[\s>]")
_ITEM_END = b"</item>"
_ROOT = re.compile(r"<rss\b[^>]*>", re.IGNORECASE)
_TERM_KINDS = {"post_tag": "tag", "tag": "tag", "category": "category"}
_NAMESPACES = (
    '<rss xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:wp="http://wordpress.org/export/1.2/">'
)


def read(text: str, *, where: str = "") -> Reading:
    """Read an export that is in memory already; see Export for files of any size."""
    export = Export(BytesIO(text.encode("utf-8", "replace")), where=where)
    entries = tuple(export)
    return replace(export.reading(), entries=entries)


def begins_export(start: bytes) -> bool:
    """Tell by a file's first bytes (64 KB are enough) whether Export can read it as a stream."""
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, _CHUNK)
        except zlib.error:
            return False
    # Encodings of two and four bytes a character have to be decoded as a whole.
    return b"\x00" not in start[:64] and sniff(decode(start)) is Form.WXR


def count_items(file: BinaryIO) -> int:
    """Return about how many items an export holds, for a progress bar; the file is rewound."""
    stream = _inflated(file)
    count, tail = 0, b""
    while chunk := stream.read(_CHUNK):
        count += (tail + chunk).count(_ITEM_END)
        tail = chunk[1 - len(_ITEM_END) :]
    file.seek(0)
    return count


class Export:
    """An export being read: iterate it once for its published posts.

    The header's facts (title, site_url, language) are there from the start; `read` counts every
    item passed so far and `problems` says what could not be read. Raises UnreadableError where the
    stream is no export.
    """

    def __init__(self, file: BinaryIO, *, where: str = "") -> None:
        self.where = where
        self.read = 0
        self.problems: list[Problem] = []
        self._ended = False
        self._file = _inflated(file)
        self._rest = b""
        self._read_header()

    def __iter__(self) -> Iterator[Entry]:
        """Yield the published posts that carry no password."""
        for posts in self.pieces(1):
            yield from posts

    def pieces(self, size: int, share: int = 0, shares: int = 1) -> Iterator[tuple[Entry, ...]]:
        """Yield the published posts of `size` items at a time, perhaps none of some.

        Of several readers of one export each yields every so-manieth piece, as `share` says, and
        reads no item of the others'; all of them count every item.
        """
        items = self._items()
        turn = 0
        while piece := list(islice(items, size)):
            if turn == share:
                found = map(self._entry, piece, range(self.read - len(piece) + 1, self.read + 1))
                yield tuple(entry for entry in found if entry is not None)
            turn = (turn + 1) % shares
        self._ended = True

    def reading(self) -> Reading:
        """Return what is known of the export so far, without its entries.

        Raises UnreadableError where the stream has ended in damage before any item.
        """
        if self._ended and not self.read and self.problems:
            raise UnreadableError("ingest.form_bad_export")
        return Reading(
            form=self.form,
            entries=(),
            read=self.read,
            title=self.title,
            site_url=self.site_url,
            language=self.language,
            problems=tuple(self.problems),
        )

    def _read_header(self) -> None:
        """Read up to the first item: the site, the authors' names, the root with its namespaces."""
        buffer = b""
        start = None
        while start is None and len(buffer) < _LONGEST_HEADER:
            chunk = self._file.read(_CHUNK)
            buffer += chunk
            start = _ITEM_START.search(buffer, max(0, len(buffer) - len(chunk) - 8))
            if not chunk:
                break
        cut = len(buffer) if start is None else start.start()
        self._rest = buffer[cut:]
        header = without_doctype(decode(buffer[:cut]))
        root = _ROOT.search(header)
        if root is None:
            raise UnreadableError("ingest.form_other_xml")
        self._root = root.group()
        self._wrap = self._root if "xmlns:wp" in self._root else _NAMESPACES
        self._facts(_parsed(header[root.start() :].split("</channel>")[0] + "</channel></rss>"))

    def _facts(self, header: ElementTree.Element | None) -> None:
        if header is None:
            self._problem("ingest.form_bad_header", {})
        channel = None if header is None else header.find("channel")
        facts = {} if channel is None else {_local(node): node.text or "" for node in channel}
        self.title = title_text(facts.get("title", "")) or None
        link = facts.get("base_blog_url") or facts.get("link") or facts.get("base_site_url")
        self.site_url = safe_link((link or "").strip())
        self.site = fold_site(self.site_url) if self.site_url else None
        self.language = facts.get("language", "").strip() or None
        version = facts.get("wxr_version", "").strip()
        self.form = f"{FORM} {version}" if re.fullmatch(r"\d\.\d", version) else FORM
        self.names = dict(_authors(channel)) if channel is not None else {}

    def _items(self) -> Iterator[bytes]:
        """Yield each item's bytes and count it; a "</item>" within CDATA ends none."""
        buffer, begin, searched = self._rest, 0, 0
        while True:
            end = buffer.find(_ITEM_END, searched)
            if end < 0:
                chunk = self._file.read(_CHUNK)
                if not chunk or len(buffer) - begin > _LONGEST_ITEM:
                    break
                searched = max(0, len(buffer) - begin - len(_ITEM_END))
                buffer, begin = buffer[begin:] + chunk, 0
                continue
            end += len(_ITEM_END)
            item = buffer[begin:end]
            if _is_open(item):
                searched = end
                continue
            start = _ITEM_START.search(item)
            begin = searched = end
            if start is not None:
                self.read += 1
                yield item[start.start() :]
        if _ITEM_START.search(buffer, begin) is not None:
            self._problem("ingest.form_cut_off", {"number": self.read + 1})

    def _entry(self, raw: bytes, number: int) -> Entry | None:
        text = f"{self._wrap}{decode(raw)}</rss>"
        root = _parsed(text)
        item = None if root is None else root.find("item")
        if item is None:
            self._problem("ingest.form_bad_item", {"number": number})
            return None
        return self._post(item)

    def _post(self, item: ElementTree.Element) -> Entry | None:
        """Return a published post without a password; None for all else."""
        fields = {_name(node): node.text or "" for node in item}
        kind = fields.get("wp:post_type", "post").strip()
        status = fields.get("wp:status", "publish").strip()
        if kind != "post" or status != "publish" or fields.get("wp:post_password", "").strip():
            return None
        login = name_text(fields.get("dc:creator", ""))
        name = self.names.get(login, login)
        link = safe_link(fields.get("link", "").strip())
        body = _body(fields, link)
        number = fields.get("wp:post_id", "").strip()
        return compose(
            Parts(
                title=fields.get("title", ""),
                blocks=body.blocks,
                truncated=body.truncated,
                declared=[name],
                poster=name,
                terms=list(_terms(item)),
                published_at=_published_at(fields),
                updated_at=parse_date(fields.get("wp:post_modified_gmt")),
                url=link,
                guid=fields.get("guid", "").strip() or None,
                site=self.site,
                post_id=int(number) if number.isdecimal() and len(number) < 19 else None,
            )
        )

    def _problem(self, key: str, params: dict[str, str | int]) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(self.where, key, params))


def _inflated(file: BinaryIO) -> BinaryIO:
    start = file.read(2)
    file.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if start == b"\x1f\x8b" else file


def _is_open(item: bytes) -> bool:
    """Tell whether an item's bytes end within a CDATA section."""
    return item.rfind(b"<![CDATA[") > item.rfind(b"]]>")


def _parsed(text: str) -> ElementTree.Element | None:
    """Parse XML that begins with its root; loose ampersands are mended where it fails at first."""
    for attempt in (text, None):
        try:
            # A DOCTYPE after the root is an error to expat, so no entity can grow or be fetched.
            return ElementTree.fromstring(attempt or mended(text))  # noqa: S314
        except ElementTree.ParseError:
            continue
    return None


def _local(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _name(node: ElementTree.Element) -> str:
    """Return a field's name, its prefix told by namespace: versions differ in theirs."""
    space, _, local = node.tag.rpartition("}")
    if "/excerpt" in space:
        return f"excerpt:{local}"
    if "wordpress.org/export/" in space:
        return f"wp:{local}"
    if "modules/content" in space:
        return f"content:{local}"
    return f"dc:{local}" if "purl.org/dc/" in space else local


def _authors(channel: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Yield each login with its display name; mail addresses are not looked at."""
    for node in channel:
        if _name(node) == "wp:author":
            facts = {_local(child): child.text or "" for child in node}
            login = name_text(facts.get("author_login", ""))
            yield login, name_text(facts.get("author_display_name", "")) or login


def _terms(item: ElementTree.Element) -> Iterator[Term]:
    """Yield post_tag and category terms; plug-ins' and menus' taxonomies are none of ours."""
    for node in item.findall("category"):
        kind = _TERM_KINDS.get(node.get("domain") or "")
        if kind is not None:
            slug = unquote(node.get("nicename") or "") or None
            yield Term(node.text or "", "tag" if kind == "tag" else "category", slug)


def _published_at(fields: dict[str, str]) -> datetime | None:
    """Return the date in UTC, else the feed's, else the site's local one."""
    names = ("wp:post_date_gmt", "pubDate", "wp:post_date")
    return next(filter(None, (parse_date(fields.get(name)) for name in names)), None)


def _body(fields: dict[str, str], base: str | None) -> Markup:
    content = read_html(fields.get("content:encoded", ""), base, autop=True)
    if content.blocks:
        return content
    excerpt = read_html(fields.get("excerpt:encoded", ""), base, autop=True)
    return Markup(excerpt.blocks, bool(excerpt.blocks))
