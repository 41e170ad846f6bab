"""Translations: whole where they begin, asking for what English asks for, short enough, translated.

Run as a script it lists the keys that a language lacks or leaves in English.
"""

import ast
import string
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bot.messages import NAMES, Sentence, catalogue, languages, own_sentences

ENGLISH = catalogue().sentences
SAME = tomllib.loads((Path(__file__).parent / "same_in_languages.toml").read_text("utf-8"))
# What members read; the rest is the operator's and may follow file by file.
AREAS = ("chat", "cogs", "delivery", "error", "ingest", "query", "store")
OTHERS = [language for language in languages() if language != "en"]
# Discord's limits for what is drawn into these places.
DESCRIPTION_CHARS = 100
# Where code hands a sentence straight to one of these, it is that and no longer than Discord takes.
LIMITS = {"button": 80, "label": 80, "menu": 150, "channel_menu": 150, "placeholder": 150}
LIMITS |= {"title": 45, "description": 100, "text": 45}
BY_HAND = {
    "cogs.coverage_name": 32,
    "cogs.setup_words": 45,
    "cogs.setup_words_label": 45,
    "cogs.setup_words_hint": 100,
    "cogs.setup_copies_all": 80,
    "cogs.setup_copies_once": 80,
}


def drawn() -> dict[str, int]:
    """Return the keys that code draws as a label, placeholder or title, each with its limit."""
    root = Path(__file__).parents[1]
    found = dict(BY_HAND)
    for path in sorted([*(root / "cogs").glob("*.py"), *(root / "bot/chat").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                for place, argument in places(node):
                    limit, key = LIMITS.get(place), said(argument)
                    if limit is not None and key is not None:
                        found[key] = min(limit, found.get(key, limit))
    return found


def places(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a call hands over and as what: the first of a button, and all that is named."""
    name = call.func.id if isinstance(call.func, ast.Name) else None
    if name is not None and call.args:
        yield name, call.args[0]
    yield from ((one.arg, one.value) for one in call.keywords if one.arg is not None)


def said(argument: ast.expr) -> str | None:
    """Return the key of `say("key", …)`, None for anything else."""
    if not isinstance(argument, ast.Call) or not argument.args:
        return None
    (first, *_), name = argument.args, argument.func
    is_say = isinstance(name, ast.Name) and name.id == "say"
    is_key = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return str(first.value) if is_say and is_key and isinstance(first, ast.Constant) else None


def placeholders(sentence: Sentence) -> set[str]:
    forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def forms(sentence: Sentence) -> tuple[str, ...]:
    return (sentence,) if isinstance(sentence, str) else tuple(sentence.values())


def is_worded(key: str) -> bool:
    """Whether the sentence describes a command or option, which Discord keeps short."""
    if key not in ENGLISH or not isinstance(ENGLISH[key], str):
        return False
    return key in described()


def described() -> set[str]:
    """Return the keys that code marks with worded()."""
    root = Path(__file__).parents[1]
    text = "".join(path.read_text("utf-8") for path in (root / "cogs").glob("*.py"))
    return {part.partition('"')[0] for part in text.split('worded("')[1:]}


def missing(language: str, own: Mapping[str, Sentence]) -> Iterator[str]:
    """Yield the keys of the areas that a language has, or owes members, and that it lacks."""
    begun = {key.partition(".")[0] for key in own} | set(AREAS)
    for key in ENGLISH:
        if key.partition(".")[0] in begun and key not in own:
            yield f"{language} lacks {key}"


def faults(language: str, own: Mapping[str, Sentence]) -> Iterator[str]:
    """Yield what is wrong with a translation's own sentences."""
    same = {*SAME.get("all", ()), *SAME.get(language, ())}
    worded, limits = described(), drawn()
    for key, sentence in own.items():
        if key not in ENGLISH:
            yield f"{language} {key}: English has no such sentence"
            continue
        if placeholders(sentence) != placeholders(ENGLISH[key]):
            yield f"{language} {key}: asks for other things than English"
        if not isinstance(ENGLISH[key], str) and isinstance(sentence, str):
            yield f"{language} {key}: has no plural"
        if not isinstance(sentence, str) and not plurals(language) <= sentence.keys():
            yield f"{language} {key}: lacks a plural form"
        if sentence == ENGLISH[key] and key not in same:
            yield f"{language} {key}: is the English sentence"
        if key in worded and any(len(form) > DESCRIPTION_CHARS for form in forms(sentence)):
            yield f"{language} {key}: over {DESCRIPTION_CHARS} characters"
        most = limits.get(key)
        if most is not None and any(len(form) > most for form in forms(sentence)):
            yield f"{language} {key}: over {most} characters"


def plurals(language: str) -> set[str]:
    """Return the forms a language tells apart (Unicode CLDR, as far as whole small numbers go)."""
    return {"other"} if language == "ja" else {"one", "other"}


@pytest.mark.parametrize("language", OTHERS)
def test_translation_lacks_nothing(language: str) -> None:
    assert list(missing(language, own_sentences(language))) == []


@pytest.mark.parametrize("language", OTHERS)
def test_translation_is_sound(language: str) -> None:
    assert list(faults(language, own_sentences(language))) == []


def test_faults_of_a_translation_are_seen() -> None:
    planted: dict[str, Sentence] = {
        "chat.nothing_like_it": "x",
        "chat.untitled": "Sin título {count}",
        "chat.others": {"one": "{count} otro"},
        "chat.count": "{count} artículos",
        "chat.share": "Share",
        "chat.next": "n" * 81,
        "cogs.tag_name": "n" * 101,
    }
    assert len(list(faults("es", planted))) == 7
    lacking = list(missing("es", planted))
    assert "es lacks chat.previous" in lacking and "es lacks chat.share" not in lacking


def test_what_is_drawn_small_is_found_in_the_code() -> None:
    found = drawn()
    assert found["chat.next"] == 80 and found["chat.read_placeholder"] == 150
    assert found["cogs.follow_stop_menu"] == 150 and found["chat.open_page"] == 80
    assert len(found) > 25
    assert list(faults("en", {key: ENGLISH[key] for key in found}))  # all are the English sentence
    assert not [f for f in faults("en", {k: ENGLISH[k] for k in found}) if ": over " in f]


def test_every_language_has_its_own_name_for_the_menu() -> None:
    assert set(NAMES) == set(languages())


def test_unknown_language_falls_back_to_english() -> None:
    assert catalogue("tlh").say("chat.untitled") == catalogue().say("chat.untitled")


def test_a_plural_follows_the_rule_of_its_language() -> None:
    assert catalogue("es").say("chat.count", count=0) == "0 artículos"
    assert catalogue("fr").say("chat.count", count=0) == "0 article"
    assert catalogue("fr").say("chat.count", count=2) == "2 articles"
    assert catalogue("ja").say("chat.count", count=1) == "記事1件"


if __name__ == "__main__":
    for other in OTHERS:
        own = own_sentences(other)
        print("\n".join([*missing(other, own), *faults(other, own)]))
