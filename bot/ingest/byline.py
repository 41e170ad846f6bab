"""The grammar of an article's blocks, one for all forms: byline, source line, sub-headings, kind.

A byline is "NAMES wrote . . . ." as a whole first line, the source "Source : NAME" as the last one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.ingest.furniture import is_furniture
from bot.ingest.limits import MAX_AUTHORS
from bot.ingest.linked import without_before
from bot.ingest.marks import ends_in_ellipsis, is_footer, strip_more
from bot.ingest.plain import name_text
from bot.model import Block, BlockType, Kind

_LONGEST_BYLINE = 200
_LONGEST_SUBHEADING = 60
_BYLINE = re.compile(r"(?:(?P<names>.*?)\s+)?wrote\s*(?P<dots>[.…\s]+)", re.IGNORECASE)
_SOURCE = re.compile(r"source\s*[:：]\s*(?P<name>.*)", re.IGNORECASE)
_LONGEST_SOURCE = 300
_END_PUNCTUATION = tuple('.!?:;”"…,。！？：；')
_SENTENCE_END = re.compile(r"[.!?…:;。！？][\"”’'»)\]]*$")
_KIND = re.compile(r"\W*(chart|infographic|video)s?\s*[:：]", re.IGNORECASE)
_AND = re.compile(r"\s*(?:,|;|，|、)\s*(?:and\s+|&\s*)?|\s+(?:and|&)\s+", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr|ph\.?\s?d|m\.?d|esq|mba|j\.?d|ii|iii|iv)\.?", re.IGNORECASE)
_BY = re.compile(r"(?:by|von|por|par)\s*[:|]?\s+", re.IGNORECASE)
_LOGIN = re.compile(r"[a-z0-9._\-@+>]+|\S+@\S+\.\S+|[A-Za-z]*\d[\w.-]*|[\w.-]*_[\w.-]*", re.ASCII)
_ACCOUNTS = frozenset(
    {"admin", "administrator", "administrador", "root", "author", "editor", "editors", "redaktion"}
    | {"redacción", "redaccion", "staff", "webmaster", "wordpress", "user", "guest", "anonymous"}
    | {"unknown"}
)
_GUEST = re.compile(
    r"(?:guest|gast|invitad)[\s-]*(?:post|author|autor|contributor|blog)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Body:
    """An article's text after its byline and source line were taken off.

    `authors` is None where there is no byline, and empty where a byline names nobody.
    """

    blocks: tuple[Block, ...]
    authors: tuple[str, ...] | None = None
    source: str | None = None
    byline_raw: str | None = None
    source_raw: str | None = None
    truncated: bool = False


def read_byline(line: str) -> tuple[str, ...] | None:
    """Return the names of a byline (perhaps none), or None where the line is no byline."""
    if len(line) > _LONGEST_BYLINE:
        return None
    found = _BYLINE.fullmatch(line.strip())
    if found is None:
        return None
    dots = found["dots"]
    if dots.count(".") + 3 * dots.count("…") < 3:
        return None
    return split_names(found["names"] or "")


def read_source(line: str) -> str | None:
    """Return the publisher a source line names, verbatim ("" for none); None for no such line."""
    if len(line) > _LONGEST_SOURCE:
        return None
    found = _SOURCE.fullmatch(line.strip())
    return None if found is None else found["name"].strip()


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of a byline in order; a comma before Jr., Sr. or PhD parts nothing."""
    names: list[str] = []
    for part in _AND.split(_BY.sub("", text.strip(), count=1) if _BY.match(text.strip()) else text):
        name = part.strip(" \t|")
        if names and _SUFFIX.fullmatch(name):
            names[-1] = f"{names[-1]}, {name}"
        elif name and name not in names:
            names.append(name_text(name))
    return tuple(names[:MAX_AUTHORS])


def declared_names(names: Sequence[str | None]) -> tuple[str, ...]:
    """Return declared authors as names of people: accounts dropped, joined names parted.

    A comma parts names only where each part has a first and last name ("Vignieri, S." is one).
    """
    found: list[str] = []
    for raw in names:
        name = name_text(raw or "")
        parts = split_names(name)
        joined = len(parts) > 1 and all(" " in part or "." in part[:-1] for part in parts)
        for one in parts if joined else (_BY.sub("", name, count=1),):
            if one and one not in found and not is_account(one):
                found.append(one)
    return tuple(found[:MAX_AUTHORS])


def is_account(name: str) -> bool:
    """Tell whether a declared author is a bare login or a placeholder, such as admin."""
    if name.casefold() in _ACCOUNTS or _GUEST.match(name):
        return True
    return " " not in name and _LOGIN.fullmatch(name) is not None


def kind_of(title: str) -> Kind:
    """Return the kind that a title's marker names ("Chart:", "Infographic:", "Video:")."""
    found = _KIND.match(title)
    return Kind.ARTICLE if found is None else Kind(found[1].lower())


def read_body(blocks: Sequence[Block], *, plain: bool, truncated: bool = False) -> Body:
    """Take byline, source line, marks and furniture off the blocks of one article.

    `plain` is true for text without markup, where sub-headings are short lines. In marked-up text
    that rule holds only beside a byline or source line and no marked sub-heading.
    """
    rest = _without_furniture(blocks)
    rest, cut = _without_more(rest)
    rest, byline_raw = _take(rest, first=True)
    rest, source_raw = _take(rest, first=False)
    wire = byline_raw is not None or source_raw is not None
    marked = any(block.type is BlockType.SUBHEADING for block in rest)
    if plain or (wire and not marked):
        rest = mark_subheadings(rest)
    return Body(
        blocks=tuple(rest),
        authors=None if byline_raw is None else read_byline(byline_raw),
        source=(read_source(source_raw) or None) if source_raw is not None else None,
        byline_raw=byline_raw,
        source_raw=source_raw,
        truncated=truncated or cut,
    )


def mark_subheadings(blocks: Sequence[Block]) -> list[Block]:
    """Mark the short lines of their own as sub-headings, never the first or last."""
    marked = list(blocks)
    for index in range(1, len(blocks) - 1):
        before, block, after = blocks[index - 1 : index + 2]
        if block.type is BlockType.PARAGRAPH and _reads_as_subheading(before, block.text, after):
            marked[index] = Block(BlockType.SUBHEADING, block.text)
    return marked


def _reads_as_subheading(before: Block, text: str, after: Block) -> bool:
    if not text[:1].isupper() or len(text) > _LONGEST_SUBHEADING or text.endswith(_END_PUNCTUATION):
        return False
    if "\n" in text:
        return False
    # A link broken out of a sentence: the sentence is open before it, or goes on after it.
    if before.type is BlockType.PARAGRAPH and not _SENTENCE_END.search(before.text[-8:]):
        return False
    return not after.text[:1].islower()


def _without_furniture(blocks: Sequence[Block]) -> list[Block]:
    kept: list[Block] = []
    for block in blocks:
        furniture = all(map(is_furniture, block.text.split("\n"))) or is_footer(block.text)
        if block.type is BlockType.IMAGE or not furniture:
            kept.append(block)
    return kept


def _without_more(blocks: list[Block]) -> tuple[list[Block], bool]:
    """Take the mark of an excerpt off the last text, and off any block that is nothing else."""
    cut = False
    kept: list[Block] = []
    last = max((i for i, b in enumerate(blocks) if b.type is not BlockType.IMAGE), default=-1)
    for index, block in enumerate(blocks):
        if block.type is BlockType.PARAGRAPH and (index >= last - 1 or len(block.text) < 60):
            text, found = strip_more(block.text)
            if found and (index >= last - 1 or not text):
                cut = True
                if text:
                    kept.append(without_before(block, text, 0))
                continue
        kept.append(block)
    return kept, cut


def trails_off(blocks: Sequence[Block]) -> bool:
    """Tell whether the last text of an excerpt ends in an ellipsis."""
    texts = [block.text for block in blocks if block.type is not BlockType.IMAGE]
    return bool(texts) and ends_in_ellipsis(texts[-1])


def _take(blocks: list[Block], *, first: bool) -> tuple[list[Block], str | None]:
    """Take the byline off the first text or the source line off the last, also beside <br>."""
    order = range(len(blocks)) if first else range(len(blocks) - 1, -1, -1)
    at = next((i for i in order if blocks[i].type is not BlockType.IMAGE), None)
    if at is None or blocks[at].type not in (BlockType.PARAGRAPH, BlockType.SUBHEADING):
        return blocks, None
    block = blocks[at]
    lines = block.text.split("\n")
    line = lines[0 if first else -1].strip()
    read = read_byline if first else read_source
    if read(line) is None:
        return blocks, None
    rest = "\n".join(lines[1:] if first else lines[:-1]).strip()
    begins = block.text.find(rest, len(lines[0]) if first else 0)
    kept = [without_before(block, rest, begins)] if rest else []
    return [*blocks[:at], *kept, *blocks[at + 1 :]], line
