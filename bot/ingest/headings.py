"""The headings of archive pages: what the page is an archive of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.ingest.plain import clean_text
from bot.model import Term

_TAG = "|".join(
    (
        r"tag archives?|tagged(?: with)?|tag|posts tagged(?: with| as)?|archive for the tag",
        r"browsing tag|archivo de etiquetas? de|archivo de la etiqueta|etiqueta",
        r"schlagwort-?archive?|schlagwort|schlagwörter|étiquette|mot-clé",
        r"archives? (?:du |des )?(?:mot-clé|mots-clés|étiquettes?)|archivi? (?:per il |dei )?tag",
        r"arquivos? (?:da|de) tag|tagarchief|etikett|タグ|标签|標籤|태그",
    )
)
_CATEGORY = "|".join(
    (
        r"category archives?|category|posts in category|browsing category",
        r"archivo de (?:la )?categoría|categoría|kategorie-?archive?|kategorie",
        r"archives? (?:de la |par )?catégorie|catégorie|archivi? (?:per la )?categoria|categoria",
        r"arquivo da categoria|categoriearchief|categorie|カテゴリー|分类|分類|카테고리",
    )
)
_OTHER = "|".join(
    (
        r"author archives?|author|(?:all )?posts by|autor(?:en)?(?:-?archiv)?|auteur|autore",
        r"archivo del autor|(?:monthly|yearly|daily) archives?|archives? mensuelles?|month",
        r"year|day|monatsarchive?|archivo mensual",
    )
)
_QUOTES = "‘’'\"“”«»「」"
_MARKED = re.compile(
    rf"(?:(?P<tag>{_TAG})|(?P<category>{_CATEGORY})|(?P<other>{_OTHER}))"
    rf"\s*(?:[:：]|(?=[{_QUOTES}]))\s*(?P<name>.+)",
    re.IGNORECASE,
)
_ARCHIVE_FOR = re.compile(
    rf"archives? (?:for|of) (?:the )?[{_QUOTES}](?P<name>.+?)[{_QUOTES}]"
    rf"(?: (?P<kind>category|tag))?(?: archives?)?",
    re.IGNORECASE,
)
_ARCHIV_DE = re.compile(
    rf"archiv für (?:die |das |den )?[{_QUOTES}](?P<name>.+?)[{_QUOTES}]"
    rf"(?:[- ](?P<kind>kategorie|schlagwort|tag))?",
    re.IGNORECASE,
)
_PLAIN_ARCHIVE = re.compile(r"(?:archives?|archivo|archiv)\s*[:：]\s*(?P<name>.+)", re.IGNORECASE)
_LONGEST_HEADING = 150


@dataclass(frozen=True, slots=True)
class Heading:
    """What an archive page is of: its name and the kind of term, None for author and date."""

    name: str
    kind: Literal["tag", "category"] | None
    slug: str | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """The term that all entries of the page carry."""
        return () if self.kind is None else (Term(self.name, self.kind, self.slug),)


def read_heading(line: str) -> Heading | None:
    """Return what an archive's heading names, or None for a line that is none."""
    text = clean_text(line)
    if len(text) > _LONGEST_HEADING:
        return None
    found = _MARKED.fullmatch(text)
    if found is not None:
        kind: Literal["tag", "category"] | None = "tag" if found["tag"] else None
        kind = "category" if found["category"] else kind
        return _named(found["name"], kind)
    for form in (_ARCHIVE_FOR, _ARCHIV_DE):
        found = form.fullmatch(text)
        if found is not None:
            is_tag = (found["kind"] or "").casefold() in ("tag", "schlagwort")
            return _named(found["name"], "tag" if is_tag else "category")
    found = _PLAIN_ARCHIVE.fullmatch(text)
    return None if found is None else _named(found["name"], None)


def _named(name: str, kind: Literal["tag", "category"] | None) -> Heading | None:
    name = name.strip(f" {_QUOTES}")
    return Heading(name, kind) if name else None
