"""The filters of a query: `tag:UN`, `after:2022-08`, `newer:7d`, `has:image`, `sort:new`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from bot.query.dates import is_date, mended_date, mended_newer, read_newer
from bot.query.nodes import Dated, DateField, Has, Is, Named, NameField, Node, Sort, Word
from bot.query.scanning import QUOTES, Edit, Fault, colon_at, quote, quoted, run_end, skip_spaces
from bot.query.tags import tag_key
from bot.query.text import tokens

NAMES: dict[str, NameField] = {name: name for name in get_args(NameField)}
DATES: dict[str, DateField] = {name: name for name in get_args(DateField)}
SORTS: dict[str, Sort] = {name: name for name in get_args(Sort)}
KINDS: dict[str, Is] = {
    kind.kind: kind for kind in (Is("article"), Is("chart"), Is("infographic"), Is("video"))
}
FIELDS = frozenset((*NAMES, *DATES, "newer", "has", "is", "sort"))
WHOLE_NAMES = frozenset({"tag", "feed"})


@dataclass(frozen=True, slots=True)
class FieldRead:
    """What a field became: a node (a filter, or text where it cannot be read), or a sort."""

    end: int
    node: Node | None = None
    sort: Sort | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Values:
    texts: tuple[str, ...]
    start: int
    end: int
    quoted: bool = False
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldAt:
    """A known field name at `start` in a text; its value begins at `value_at`."""

    text: str
    name: str
    start: int
    value_at: int

    def read(self) -> FieldRead:
        """Read the field and its values."""
        values = self._values()
        if not values.texts:
            return self._empty(values)
        if self.name in NAMES:
            return self._named(NAMES[self.name], values)
        if len(values.texts) == 1:
            value = unicodedata.normalize("NFKC", values.texts[0]).strip().lower()
            if self.name == "sort":
                if value in SORTS:
                    return FieldRead(values.end, sort=SORTS[value], faults=values.faults)
            elif (node := self._node(value)) is not None:
                return FieldRead(values.end, node, faults=values.faults)
        return self._unreadable(values)

    def _node(self, value: str) -> Node | None:
        if self.name in DATES:
            return Dated(DATES[self.name], value) if is_date(value) else None
        if self.name == "newer":
            return read_newer(value)
        if self.name == "is":
            return KINDS.get(value)
        return Has("image") if value == "image" else None

    def _named(self, name: NameField, values: _Values) -> FieldRead:
        kept = tuple(text for text in values.texts if _means_something(name, text))
        if not kept:
            return self._empty(values)
        faults = values.faults
        if len(kept) < len(values.texts):
            mend = f"{name}:" + ",".join(write_value(text) for text in kept)
            faults = (*faults, self._fault("empty_value", values.end, mend, field=name))
        elif name not in WHOLE_NAMES and not values.quoted and kept[-1].endswith("*"):
            mend = self.text[self.start : values.end].replace("*", "")
            faults = (*faults, self._fault("stray_star", values.end, mend))
        return FieldRead(values.end, Named(name, kept), faults=faults)

    def _fault(self, key: str, end: int, mend: str, **params: str | int) -> Fault:
        return Fault(f"query.{key}", self.start, end, Edit(self.start, end, mend), params)

    def _empty(self, values: _Values) -> FieldRead:
        end = max(values.end, self.value_at)
        fault = self._fault("empty_value", end, "", field=self.name)
        return FieldRead(end, Word(self.name), faults=(fault,))

    def _unreadable(self, values: _Values) -> FieldRead:
        shown = ",".join(values.texts)
        mended = self._mended(values.texts[0].strip().lower() if len(values.texts) == 1 else "")
        mend = mended or quote(f"{self.name}:{shown}")
        if self.name in DATES:
            fault = self._fault("bad_date", values.end, mend, field=self.name, value=shown)
        elif self.name == "newer":
            fault = self._fault("bad_span", values.end, mend, value=shown)
        elif self.name == "sort":
            fault = self._fault("sort_refused", values.end, "")
        else:
            allowed = ", ".join(KINDS) if self.name == "is" else "image"
            fault = self._fault(
                "bad_value", values.end, mend, field=self.name, value=shown, allowed=allowed
            )
        if values.quoted or values.start != self.value_at:
            # What follows is read by itself, so that the text stays what it looks like.
            return FieldRead(self.value_at, Word(self.name), faults=(fault,))
        end = run_end(self.text, self.start)
        return FieldRead(end, Word(self.text[self.start : end]), faults=(fault,))

    def _mended(self, value: str) -> str | None:
        if self.name in DATES:
            day = mended_date(value)
            return None if day is None else f"{self.name}:{day}"
        if self.name == "newer":
            amount = mended_newer(value)
            return None if amount is None else f"newer:{amount}"
        if self.name == "has":
            return f"is:{value}" if value in KINDS else _closest("has", value, ["image"])
        return "has:image" if value == "image" else _closest("is", value, list(KINDS))

    def _values(self) -> _Values:
        """Read `a`, `"b, c"` or `a,b`; a value may stand after a space, but only a plain one."""
        start = at = skip_spaces(self.text, self.value_at)
        if at != self.value_at and not self._may_be_value(at):
            return _Values((), at, self.value_at)
        texts: list[str] = []
        faults: list[Fault] = []
        any_quoted = False
        while at < len(self.text) and not self.text[at].isspace() and self.text[at] not in "()":
            before = at
            if self.text[at] in QUOTES:
                found = quoted(self.text, at)
                any_quoted, at, value = True, found.end, found.value
                if not found.closed:
                    edit = Edit(before, at, quote(value))
                    faults.append(Fault("query.open_quote", before, at, edit))
            else:
                at = run_end(self.text, at, "(),")
                value = self.text[before:at]
            texts.append(value)
            if self.text[at : at + 1] != ",":
                break
            at += 1
            if at >= len(self.text) or self.text[at].isspace() or self.text[at] in "()":
                texts.append("")
        return _Values(tuple(texts) if any(texts) else (), start, at, any_quoted, tuple(faults))

    def _may_be_value(self, at: int) -> bool:
        if at >= len(self.text) or self.text[at] in "()-":
            return False
        if self.text[at] in QUOTES:
            return True
        run = self.text[at : run_end(self.text, at)]
        return run != "OR" and run[: max(colon_at(run), 0)].lower() not in FIELDS


def closest_field(name: str) -> str | None:
    """Return the field that a misspelt name probably means, or None."""
    folded, fields = name.lower(), sorted(FIELDS)
    # Letters that changed places weigh too much in a name as short as "tag".
    same_letters = [field for field in fields if sorted(field) == sorted(folded)]
    found = same_letters or get_close_matches(folded, fields, n=1, cutoff=0.75)
    return found[0] if found else None


def write_value(value: str) -> str:
    """Write one value of a field so that it is read again as it is."""
    plain = value and value[0] not in QUOTES and run_end(value, 0, "(),") == len(value)
    return value if plain else quote(value)


def _means_something(name: NameField, value: str) -> bool:
    return bool(tag_key(value) if name in WHOLE_NAMES else tokens(value))


def _closest(name: str, value: str, allowed: list[str]) -> str | None:
    found = get_close_matches(re.sub(r"s$", "", value), allowed, n=1, cutoff=0.75)
    return f"{name}:{found[0]}" if found else None
