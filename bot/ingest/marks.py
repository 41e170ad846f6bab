"""Marks of an excerpt ("Continue reading") and of where a post first appeared.

In the languages seen in real captures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MORE_WORDS = "|".join(
    (
        r"continue reading|keep reading|read more|read on|read the rest|click to read|more",
        r"read (?:the )?full (?:article|story|post)|weiterlesen|mehr lesen",
        r"den ganzen beitrag lesen",
        r"continuar leyendo|seguir leyendo|sigue leyendo|leer m[aá]s|lire la suite|lire plus",
        r"continuer (?:la|à) (?:lecture|lire)|leggi tutto|leggi di più|continua a leggere",
        r"continue lendo|continuar lendo|leia mais|lees verder|verder lezen|lees meer|läs mer",
        r"les mer",
        r"læs mere|lue lisää|czytaj dalej|czytaj więcej|číst dále|читать далее|читать дальше",
        r"читати далі|devamını oku|続きを読む|続きを見る|もっと読む|阅读更多|继续阅读|閱讀更多",
        r"閱讀全文|繼續閱讀|더 보기|계속 읽기|더 읽기",
    )
)
_ELLIPSIS = r"(?:…|\.\s?\.\s?\.|&hellip;|&#8230;)"
_ARROW = r"(?:»|›|→|>>|>|⟶|➝|➞|&raquo;|&rarr;)"
# "[…]", "(more…)": an excerpt whatever stands before it.
_BRACKETED = re.compile(
    rf"\s*(?:\[\s*{_ELLIPSIS}\s*\]|\(\s*(?:more|weiter|suite)\s*{_ELLIPSIS}?\s*\)|\[\s*more\s*\])"
    rf"\s*{_ARROW}?\s*$",
    re.IGNORECASE,
)
# "… Continue reading Title", "text Read more »": an ellipsis before it or an arrow at its end.
_AFTER_ELLIPSIS = re.compile(
    rf"\s*(?:\[\s*{_ELLIPSIS}\s*\]|{_ELLIPSIS})\s*[(\[]?(?:{_MORE_WORDS})(?!\w).{{0,250}}$",
    re.IGNORECASE | re.DOTALL,
)
_BEFORE_ARROW = re.compile(
    rf"\s*[(\[]?(?<!\w)(?:{_MORE_WORDS})(?!\w)[^.!?]{{0,250}}{_ARROW}\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"[(\[]?(?:{_MORE_WORDS})(?!\w)\s*"
    rf"(?:[:：‘'“\"«].{{0,200}}|[^.!?]{{0,100}}(?:{_ELLIPSIS}|{_ARROW})|[^.!?]{{0,40}})[)\]]?",
    re.IGNORECASE,
)
# "… said on Monday. Read more": the words alone after the end of a sentence.
_AFTER_SENTENCE = re.compile(rf"(?<=[.!?。”\"])\s*[(\[]?(?:{_MORE_WORDS})[)\]]?$", re.IGNORECASE)
_LONGEST_MORE = 40
FORMS = (_BRACKETED, _AFTER_ELLIPSIS, _BEFORE_ARROW)
# What stands in every mark within a text: the patterns are only tried where one of them does.
_HINTS = ("…", "..", ". .", "&", "»", "›", "→", ">", "⟶", "➝", "➞", "(", "[")
_ARROWS = ("»", "›", "→", ">", "⟶", "➝", "➞", "&")
_BARE_ELLIPSIS = re.compile(rf"{_ELLIPSIS}\s*$")

# What WordPress adds to the last paragraph of a feed item.
_FOOTER = re.compile(
    "|".join(
        (
            r"the post .{1,400} (?:appeared first on|first appeared on) .{1,200}",
            r"la entrada .{1,400} (?:aparece primero en|se publicó primero en) .{1,200}",
            r"der beitrag .{1,400} erschien zuerst auf .{1,200}",
            r"l[’']article .{1,400} est apparu en premier sur .{1,200}",
            r"l[’']articolo .{1,400} (?:proviene da|sembra essere il primo su) .{1,200}",
            r"o post .{1,400} apareceu primeiro em .{1,200}",
            r"het bericht .{1,400} verscheen eerst op .{1,200}",
            r"投稿 .{1,400} は .{1,200} に最初に表示されました。?",
        )
    ),
    re.IGNORECASE,
)
_MAX_MARK = 300


def strip_more(text: str) -> tuple[str, bool]:
    """Take the mark of an excerpt off the end of a text; tell whether one stood there."""
    text = text.rstrip()
    if 4 < len(text) <= 250 and _ALONE.fullmatch(text):
        return "", True
    tail_at = max(0, len(text) - _MAX_MARK)
    tail = text[tail_at:]
    if any(hint in tail for hint in _HINTS):
        for form in possible(tail):
            found = form.search(text, tail_at)
            if found is not None:
                return strip_more(text[: found.start()])[0], True
    if text.endswith((".", "!", "?", "…", "”", "»", ">")):
        return text, False
    found = _AFTER_SENTENCE.search(text, max(0, len(text) - _LONGEST_MORE))
    # "Less is more. More": a word alone is said in earnest, too.
    if found is None or found.group().strip().lower() == "more":
        return text, False
    return text[: found.start()], True


def possible(tail: str) -> Iterator[re.Pattern[str]]:
    """Yield the forms of a mark that a text's end may hold, by a character that each must have."""
    if "[" in tail or "(" in tail:
        yield _BRACKETED
    if "…" in tail or "&" in tail or tail.count(".") > 2:
        yield _AFTER_ELLIPSIS
    if any(arrow in tail for arrow in _ARROWS):
        yield _BEFORE_ARROW


def ends_in_ellipsis(text: str) -> bool:
    """Tell whether a text trails off, as a theme's own excerpts do."""
    return _BARE_ELLIPSIS.search(text[-8:]) is not None


def is_footer(text: str) -> bool:
    """Tell whether a paragraph only says where the post first appeared."""
    return len(text) <= 700 and _FOOTER.fullmatch(text.rstrip(" .")) is not None
