"""The headings of archive pages: what the page is an archive of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.ingest.plain import clean_text
from bot.model import Term

_TAG = "|".join(
    (
        r"tags?|tagu|schlagw(?:ort|örter)|stichwort|étiquettes?|mots?-cl(?:é|ef)s?|etiquetas?",
        r"etikett|etiket|trefwoord|метк[аиуе]|тег(?:а|ам)?|(?:ال)?وسم|タグ|标签|標籤|태그|ετικέτα",
    )
)
_CATEGORY = "|".join(
    (
        r"category|categories|kategorien?|rubrik|catégories?|rubrique|categorías?|categorias?",
        r"categorie|kategorii|kategori|рубрик[аи]|категори[яи]|(?:ال)?تصنيف",
        r"カテゴリー?|分类(?:目录)?|分類|카테고리|κατηγορία",
    )
)
_OTHER = "|".join(
    (
        r"author|(?:all )?posts by|autor(?:en)?(?:archiv)?|auteur|autore|archivo del autor",
        r"archivos? mensual(?:es)?|archives? mensuelles?|month|year|day",
    )
)
_KEPT_BY = r"author|autoren?|month(?:ly)?|year(?:ly)?|daily|monats?|jahres"
_ARCHIVE = "|".join(
    (
        r"archiv(?:es?|io|i|os?|e)?|archiw(?:a|um)|archie(?:f|ven)|arquivos?|arşivi|архивы?|أرشيف(?:ات)?",
        r"アーカイブ|归档|存档|彙整|歸檔|보관물|아카이브",
    )
)
# Between the word for an archive and that for a tag: "de la", "für das", "par".
_LINKS = (
    r"(?:(?:for|of|the|de|du|des|la|le|les|par|por|per|pour|da|do|der|das|die|den|für|il|van|de"
    r"|voor|по)\s+|[dl][’'])*"
)
# "Posts tagged with", "Beiträge mit dem Schlagwort", "Entradas etiquetadas como".
_TAGGED = "|".join(
    (
        r"(?:(?:posts?|entries|articles?|stories) )?tagged(?: with| as| under)?",
        r"(?:artikel|beiträge|einträge) (?:mit (?:dem )?(?:schlagwort|stichwort|tag)"
        r"|getaggt mit|verschlagwortet mit)",
        r"(?:articles?|billets?) (?:avec (?:le |l[’'])(?:tag|mot-cl(?:é|ef)|étiquette)"
        r"|tagu?és?(?: avec)?|étiquetés?(?: avec)?|marqués?(?: avec)?)",
        r"(?:entradas|publicaciones|artículos) (?:etiquetad[oa]s(?: como| con)?|con la etiqueta)",
        r"(?:posts|artigos) (?:marcados|etiquetados) (?:como|com)|записи с (?:меткой|тегом)",
        r"articoli (?:con (?:il )?tag|taggati(?: con)?)|berichten (?:getagd(?: met)?|met de tag)",
    )
)
_BROWSING = r"(?:currently )?browsing(?: the)? "
_QUOTES = "‘’‚'\"“”„«»‹›「」『』"
_SEPARATED = rf"\s*(?:[:：]|(?=[{_QUOTES}]))\s*"
# An archive that says so needs no colon: "Archives de la catégorie eau".
_SAID = rf"(?:(?: (?:de|di|du|of|von))?{_SEPARATED}|\s*\|\s*|\s+)"
_MARKED = re.compile(
    rf"(?:(?P<tag>{_TAG}|{_TAGGED})|(?P<category>{_CATEGORY}|posts in category)"
    rf"|(?P<other>{_OTHER})){_SEPARATED}(?P<name>.+)",
    re.IGNORECASE,
)
_ARCHIVES = re.compile(
    rf"(?:(?:{_ARCHIVE})[ -]{_LINKS}(?:(?P<tag>{_TAG})|(?P<category>{_CATEGORY}))"
    rf"|(?:(?P<tag2>{_TAG})|(?P<category2>{_CATEGORY})|(?P<other>{_KEPT_BY}))[ -]?別?(?:{_ARCHIVE})"
    rf"(?: (?:for|of|für|de|von))?|{_BROWSING}(?:(?P<tag3>{_TAG})|(?P<category3>{_CATEGORY}))"
    rf"|(?P<tag4>(?:posts|entries|articles) tagged(?: with)?)){_SAID}(?P<name>.+)",
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
_LISTED_JA = re.compile(
    r"(?:(?P<before>タグ|カテゴリー?)\s*)?[「『](?P<name>.+?)[」』]\s*(?:の?(?P<kind>タグ|カテゴリー?))?"
    r"(?:の?(?:記事一覧|一覧|アーカイブ|記事))"
)
# "Showing posts with label X. Show all posts", as hosts of blogs word it.
_SHOWN = re.compile(
    r"(?:(?:showing posts with (?:the )?label|mostrando entradas con la etiqueta"
    r"|affichage des articles dont le libellé est|mostrando postagens com (?:o )?marcador"
    r"|visualizzazione dei post con etichetta|posts tonen met het label)\s+(?P<name>.+?)"
    r"|posts mit dem label (?P<name2>.+?) werden angezeigt"
    r"|ラベル (?P<name3>.+?) の投稿を表示しています)"
    r"(?:[.。].{0,60})?",
    re.IGNORECASE,
)
_PLAIN_ARCHIVE = re.compile(r"(?:archives?|archivo|archiv)\s*[:：]\s*(?P<name>.+)", re.IGNORECASE)
_LONGEST_BARE = 60
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
    listed = _LISTED_JA.fullmatch(text)
    if listed is not None and (listed["before"] or listed["kind"]):
        is_tag = "タグ" in (listed["before"], listed["kind"])
        return _named(listed["name"], "tag" if is_tag else "category")
    shown = _SHOWN.fullmatch(text)
    if shown is not None:
        return _named(next(filter(None, shown.groups()), ""), "tag")
    found = _MARKED.fullmatch(text)
    if found is not None:
        return _named(found["name"], _kind(found))
    found = _ARCHIVES.fullmatch(text)
    if found is not None and _is_name(found["name"]):
        return _named(found["name"], _kind(found))
    for form in (_ARCHIVE_FOR, _ARCHIV_DE):
        found = form.fullmatch(text)
        if found is not None:
            is_tag = (found["kind"] or "").casefold() in ("tag", "schlagwort")
            return _named(found["name"], "tag" if is_tag else "category")
    found = _PLAIN_ARCHIVE.fullmatch(text)
    return None if found is None else _named(found["name"], None)


def _kind(found: re.Match[str]) -> Literal["tag", "category"] | None:
    named = {group.rstrip("234") for group, text in found.groupdict().items() if text}
    return "tag" if "tag" in named else "category" if "category" in named else None


def _is_name(text: str) -> bool:
    """Tell whether what follows may be a term, and is no sentence that begins with the words."""
    return len(text) <= _LONGEST_BARE and not text.endswith((".", "!", "?", "…", ";"))


def _named(name: str, kind: Literal["tag", "category"] | None) -> Heading | None:
    name = name.strip(f" {_QUOTES}")
    return Heading(name, kind) if name else None
