"""Lists of feeds (OPML): read by expat, so that no nesting is too deep, and written.

The DOCTYPE is cut out before parsing, so no entity is ever declared. Nothing is fetched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat

from bot.ingest.clean import name_text, title_text
from bot.ingest.formats.mending import mended
from bot.ingest.limits import MAX_OUTLINES
from bot.ingest.links import safe_link
from bot.model import Feed, Offer, Problem, Reading

FORM = "OPML"
_FEED_SCHEME = re.compile(r"^feed:(?://)?(?=https?:)|^feed://", re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#].*)?")
_MOST_FOLDERS = 20


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list: its address and title, the folders around it, its line in the file."""

    url: str
    title: str
    folders: tuple[str, ...]
    line: int
    site_url: str | None = None


@dataclass(frozen=True, slots=True)
class FeedList:
    """What a list holds: each feed once in order, and a report of every line that is none.

    `read` counts the lines with an address before duplicates were dropped.
    """

    title: str | None
    feeds: tuple[Outline, ...]
    read: int
    problems: tuple[Problem, ...]


def read(text: str, *, where: str = "") -> Reading:
    """Read a list of feeds as offers: a list holds no articles itself."""
    found = read_feeds(text, where=where)
    offers = tuple(Offer("feed", feed.url, feed.title) for feed in found.feeds)
    return Reading(FORM, (), found.read, found.title, problems=found.problems, offers=offers)


def read_feeds(text: str, *, where: str = "") -> FeedList:
    """Read a list of feeds: attributes in any case, folders to any depth, duplicates once."""
    reader = _Reader(where)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attrs: reader.start(
        name, attrs, parser.CurrentLineNumber
    )
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(mended(text).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        reader.problem("ingest.opml_broken", error.lineno, {})
    return reader.result()


def write_opml(feeds: Iterable[Feed], title: str) -> str:
    """Return a list of feeds as OPML 2.0; those without an address are left out."""
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = title
    body = ElementTree.SubElement(root, "body")
    for feed in feeds:
        if feed.url is None:
            continue
        facts = {"type": "rss", "text": feed.title, "title": feed.title, "xmlUrl": feed.url}
        if feed.site_url is not None:
            facts["htmlUrl"] = feed.site_url
        ElementTree.SubElement(body, "outline", facts)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}'


def feed_address(text: str) -> str | None:
    """Return a feed's address as listed or typed: feed: taken off, https:// completed."""
    address = _FEED_SCHEME.sub(lambda found: "http://" if "//" in found[0] else "", text.strip())
    if _BARE_ADDRESS.fullmatch(address):
        address = f"https://{address}"
    return safe_link(address)


class _Reader:
    """Takes expat's events; folders are a stack, so that depth costs nothing."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.title: str | None = None
        self.feeds: dict[str, Outline] = {}
        self.read = 0
        self.problems: list[Problem] = []
        self.folders: list[str | None] = []
        # Per open outline: what to say where it turns out to hold nothing.
        self.bare: list[tuple[str, int] | None] = []
        self.in_title = False

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        """Take in the start of an element."""
        local = name.rpartition(":")[2].lower()
        if local == "title" and self.title is None:
            self.title, self.in_title = "", True
        if local != "outline":
            return
        facts = {key.lower(): value for key, value in attributes.items()}
        label = name_text(facts.get("title") or facts.get("text") or "")
        if self.bare:
            self.bare[-1] = None
        is_told = self._outline(facts, label, line)
        self.bare.append(None if is_told else (label, line))
        self.folders.append(None if facts.get("xmlurl") else label)

    def end(self, name: str) -> None:
        """Take in the end of an element."""
        local = name.rpartition(":")[2].lower()
        if local == "outline" and self.folders:
            self.folders.pop()
            bare = self.bare.pop()
            if bare is not None:
                self.problem("ingest.opml_no_feed", bare[1], {"title": bare[0]})
        elif local == "title":
            self.in_title = False

    def text(self, text: str) -> None:
        """Take in text: only the list's title has any."""
        if self.in_title and self.title is not None:
            self.title += text

    def _outline(self, facts: dict[str, str], label: str, line: int) -> bool:
        """Take in a line; return whether it is told of, as one without an address may hold some."""
        written = facts.get("xmlurl", "")
        if not written.strip():
            if facts.get("type", "").lower() in ("include", "link") or facts.get("url"):
                self.problem("ingest.opml_no_feed", line, {"title": label})
                return True
            return False
        self.read += 1
        if self.read > MAX_OUTLINES:
            if self.read == MAX_OUTLINES + 1:
                self.problem("ingest.opml_too_long", line, {"limit": MAX_OUTLINES})
            return True
        url = feed_address(written)
        if url is None:
            self.problem("ingest.opml_bad_address", line, {"title": label})
        elif url in self.feeds:
            self.problem("ingest.opml_duplicate", line, {"title": label})
        else:
            folders = tuple(name for name in self.folders[:_MOST_FOLDERS] if name)
            site = safe_link(facts.get("htmlurl"))
            self.feeds[url] = Outline(url, label or url, folders, line, site)
        return True

    def problem(self, key: str, line: int, params: dict[str, str | int]) -> None:
        """Note what became of a line that is no feed."""
        self.problems.append(Problem(f"{self.where}:{line}", key, {"line": line, **params}))

    def result(self) -> FeedList:
        """Return the list as it was read."""
        title = title_text(self.title or "") or None
        return FeedList(title, tuple(self.feeds.values()), self.read, tuple(self.problems))
