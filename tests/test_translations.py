"""A translation asks for the same things as English, and for nothing that is not there."""

import string
from collections.abc import Iterator, Mapping

import pytest

from bot.messages import Sentence, catalogue, languages

ENGLISH = catalogue().sentences


def placeholders(sentence: Sentence) -> set[str]:
    forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def faults(translated: Mapping[str, Sentence]) -> Iterator[str]:
    """Yield what is wrong with a translation's own sentences."""
    for key, sentence in translated.items():
        if key not in ENGLISH:
            yield f"{key}: English has no such sentence"
        elif placeholders(sentence) - placeholders(ENGLISH[key]):
            yield f"{key}: asks for something that is not given"
        elif not isinstance(sentence, str) and "other" not in sentence:
            yield f"{key}: has no form for many"


@pytest.mark.parametrize("language", languages())
def test_translation_keeps_keys_and_placeholders(language: str) -> None:
    assert list(faults(catalogue(language).sentences)) == []


def test_faults_of_a_translation_are_seen() -> None:
    planted: dict[str, Sentence] = {
        "chat.nothing_like_it": "x",
        "chat.untitled": "Sin título {count}",
        "chat.others": {"one": "{count} otro"},
    }
    assert len(list(faults(planted))) == 3


def test_unknown_language_falls_back_to_english() -> None:
    assert catalogue("tlh").say("chat.untitled") == catalogue().say("chat.untitled")
