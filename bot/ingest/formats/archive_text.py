"""A saved archive page as plain text: a header, then entries.

Its own grammar, since no library knows it. An entry is a title, perhaps a byline, paragraphs and a
source line; blank lines only part blocks. Pages of other themes, without source lines and bylines,
are read by title and paragraphs and said to be uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.errors import UnreadableError
from bot.ingest.byline import read_byline, read_source
from bot.ingest.compose import Parts, compose
from bot.ingest.dates import parse_date
from bot.ingest.furniture import begins_lists, is_furniture, named_terms
from bot.ingest.headings import Heading, read_heading
from bot.ingest.limits import MAX_CONTENT, MAX_FILE_ITEMS
from bot.ingest.marks import strip_more
from bot.ingest.plain import clean_text, cut
from bot.model import Block, BlockType, Entry, Problem, Reading, Term

FORM = "saved archive page"
_HEADER_LINES = 25
_LONGEST_TITLE = 200
_WRAPPED = range(55, 121)
_BY = r"(?:by|von|par|por|di|da|door|от)"
# "March 3, 2020 by Mara Quay", "By Mara Quay | March 3, 2020".
_DATED = (
    re.compile(rf"(?P<date>.+?)[\s,|·•—–-]+{_BY}\s+(?P<name>.+)", re.IGNORECASE),
    re.compile(
        rf"{_BY}\s+(?P<name>.+?)(?:\s*[|·•—–,]\s*|\s+(?:on|am|le|el|il|op)\s+)(?P<date>.+)",
        re.IGNORECASE,
    ),
)
_LONGEST_DATE = 40
_LONGEST_DATED = 100
_SENTENCE_END = (".", "!", "?", "…", "”", '"', "。", ":", ";", ",")


@dataclass(frozen=True, slots=True)
class _Found:
    """The lines of one entry: its title, then the rest; `ended` when a source line closed it."""

    title: str
    lines: tuple[str, ...]
    ended: bool


def read(text: str, *, where: str = "") -> Reading:
    """Read a saved archive page in text form.

    Raises UnreadableError where neither an archive heading, a byline nor a source line is found.
    """
    lines = _lines(text)
    heading, start = _header(lines)
    known = any(map(_is_grammar, lines))
    if heading is None and not known:
        raise UnreadableError("ingest.form_plain_text", start=cut(lines[0] if lines else "", 60))
    site = lines[0] if heading is not None and start > 1 else None
    rest = lines[start:]
    found = _entries(rest) if known else _themed(rest) or _entries(rest)
    problems = () if known else (Problem(where, "ingest.form_uncertain"),)
    terms = () if heading is None else heading.terms
    entries = tuple(_compose(one, terms, found) for one in found[:MAX_FILE_ITEMS])
    return Reading(
        form=FORM,
        entries=entries,
        read=len(found),
        title=site,
        archive=None if heading is None else heading.name,
        problems=problems,
    )


def _lines(text: str) -> list[str]:
    """Return the blocks of the text, a line each; lines wrapped by width are joined again."""
    chunks = [chunk.split("\n") for chunk in re.split(r"\n[^\S\n]*(?:\n[^\S\n]*)+", text)]
    lines: list[str] = []
    for chunk in chunks:
        cleaned = [line for line in map(clean_text, chunk) if line]
        if _is_wrapped(cleaned):
            lines.append(" ".join(cleaned))
        else:
            lines.extend(cleaned)
    return lines


def _is_wrapped(chunk: Sequence[str]) -> bool:
    if len(chunk) < 2 or any(len(line) not in _WRAPPED for line in chunk[:-1]):
        return False
    open_ends = sum(1 for line in chunk[:-1] if not line.endswith(_SENTENCE_END[:8]))
    grammar = any(read_byline(line) is not None or read_source(line) for line in chunk)
    return not grammar and open_ends * 2 >= len(chunk) - 1 and len(chunk[-1]) <= _WRAPPED.stop


def _header(lines: Sequence[str]) -> tuple[Heading | None, int]:
    """Return the archive's heading and the number of the first line after the header."""
    for index, line in enumerate(lines[:_HEADER_LINES]):
        if read_byline(line) is not None or read_source(line) is not None:
            break
        heading = read_heading(line)
        if heading is not None:
            return heading, index + 1
    return None, _first_title(lines)


def _first_title(lines: Sequence[str]) -> int:
    """Return where the first entry starts on a page with an unknown header."""
    for index, line in enumerate(lines):
        if read_byline(line) is not None or read_source(line) is not None:
            return max(0, index - 1)
    return 0


def _entries(lines: Sequence[str]) -> list[_Found]:
    found: list[_Found] = []
    current: list[str] = []
    for line in lines:
        if read_byline(line) is not None and len(current) > 1:
            # A source line is missing: the line before a byline is the next title.
            title = current.pop()
            _close(found, current, ended=False)
            current = [title]
        if not current and found and begins_lists(line):
            break
        if not current and is_furniture(line):
            continue
        current.append(line)
        if read_source(line) is not None and len(current) > 1:
            _close(found, current, ended=True)
            current = []
    _close(found, current, ended=False)
    return found


def _close(found: list[_Found], lines: Sequence[str], *, ended: bool) -> None:
    if lines and not all(is_furniture(line) for line in lines):
        found.append(_Found(lines[0], tuple(lines[1:]), ended))


def _compose(one: _Found, terms: tuple[Term, ...], all_found: Sequence[_Found]) -> Entry:
    """Make the entry; one that lacks the source line others have was cut off."""
    named: list[Term] = []
    published_at = None
    poster: str | None = None
    texts: list[str] = []
    for line in one.lines:
        tags, categories = named_terms(line) if is_furniture(line) else ([], [])
        named.extend(Term(name, "tag") for name in tags)
        named.extend(Term(name, "category") for name in categories)
        date, name = (None, None) if texts else _dated(line)
        if date is not None:
            published_at, poster = published_at or date, poster or name
        else:
            texts.append(line)
    cut_off = not one.ended and one is all_found[-1] and any(other.ended for other in all_found)
    blocks = [Block(BlockType.PARAGRAPH, text) for text in texts]
    return compose(
        Parts(
            title=one.title,
            blocks=blocks,
            truncated=cut_off,
            plain=True,
            declared=[poster],
            poster=poster,
            terms=(*terms, *named),
            published_at=published_at,
        )
    )


def _dated(line: str) -> tuple[datetime | None, str | None]:
    """Return the date that a line says, and whose name stands with it; None for each it lacks."""
    date = parse_date(line) if len(line) <= _LONGEST_DATE else None
    if date is not None or len(line) > _LONGEST_DATED:
        return date, None
    for form in _DATED:
        found = form.fullmatch(line)
        date = parse_date(found["date"].strip()) if found is not None else None
        if found is not None and date is not None:
            return date, found["name"].strip()
    return None, None


def _themed(lines: Sequence[str]) -> list[_Found]:
    """Part the page of any theme: a title is a short open line before a paragraph or a date."""
    found: list[_Found] = []
    title: str | None = None
    texts: list[str] = []
    for index, line in enumerate(lines):
        if begins_lists(line) and (found or _is_over(texts)):
            break
        after = next((x for x in lines[index + 1 :][:3] if not is_furniture(x)), "")
        if _reads_as_title(line, after, fresh=title is None or _is_over(texts)):
            if title is not None:
                found.append(_Found(title, tuple(texts), False))
            title, texts = line, []
        elif title is not None:
            texts.append(line)
    if title is not None and texts:
        found.append(_Found(title, tuple(texts), False))
    return found


def _reads_as_title(line: str, after: str, *, fresh: bool) -> bool:
    if is_furniture(line) or len(line) > _LONGEST_TITLE or _dated(line)[0] is not None:
        return False
    if not fresh or not after or line.endswith(_SENTENCE_END) or strip_more(line)[1]:
        return False
    return len(after) > len(line) or _dated(after)[0] is not None


def _is_over(texts: Sequence[str]) -> bool:
    return bool(texts) and (is_furniture(texts[-1]) or strip_more(texts[-1])[1])


def has_grammar(text: str) -> bool:
    """Tell whether a text holds a byline or a source line."""
    return any(map(_is_grammar, map(clean_text, text[:MAX_CONTENT].split("\n"))))


def _is_grammar(line: str) -> bool:
    return read_byline(line) is not None or bool(read_source(line))


def is_archive(text: str) -> bool:
    """Tell whether a text holds anything of the grammar of a saved archive page."""
    return any(
        read_byline(line) is not None or read_source(line) or read_heading(line) is not None
        for line in map(clean_text, text[:MAX_CONTENT].split("\n"))
    )
