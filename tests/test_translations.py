"""Translations: whole where they begin, asking for what English asks for, short enough, translated.

Run as a script it lists the keys that a language lacks or leaves in English.
"""

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
LABEL_CHARS = 80
LABELS = {
    "chat.previous",
    "chat.next",
    "chat.subscribe",
    "chat.read",
    "chat.as_list",
    "chat.narrow",
    "chat.back",
    "chat.wider",
    "chat.share",
    "chat.save",
    "chat.open_page",
    "chat.confirm",
    "chat.cancel",
    "chat.use_this",
    "chat.to_first",
    "chat.join",
    "chat.stop_following",
}


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
    worded = described()
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
        if key in LABELS and any(len(form) > LABEL_CHARS for form in forms(sentence)):
            yield f"{language} {key}: over {LABEL_CHARS} characters"


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
