"""The sentences people read, one folder of TOML files a language; code only knows their keys.

A value is a sentence with {placeholders}, or a table of plural forms chosen by the parameter
`count` (one, other).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

DEFAULT_LANGUAGE = "en"
# What each language calls itself, for a menu of them.
NAMES = {"en": "English", "es": "Español", "fr": "Français", "ja": "日本語"}
Sentence = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language, falling back to English for a missing key."""

    language: str
    sentences: Mapping[str, Sentence]

    def say(self, key: str, /, **params: str | int) -> str:
        """Return the sentence of a key with its parameters filled in.

        Raises KeyError for a key no catalogue holds: a test keeps that from reaching people.
        """
        sentence = self.sentences[key]
        if not isinstance(sentence, str):
            one = self._is_one(params.get("count", 0))
            sentence = sentence["one"] if one and "one" in sentence else sentence["other"]
        return sentence.format(**params)

    def _is_one(self, count: str | int) -> bool:
        # French counts 0 as singular; Japanese has no singular form and lists only "other".
        return count in (0, 1) if self.language == "fr" else count == 1


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the codes of all languages there is a catalogue for, English first."""
    found = sorted(e.name for e in resources.files(__package__).iterdir() if e.is_dir())
    codes = [name for name in found if name.isalpha() and name != DEFAULT_LANGUAGE]
    return (DEFAULT_LANGUAGE, *codes)


@lru_cache(maxsize=16)
def catalogue(language: str = DEFAULT_LANGUAGE) -> Catalogue:
    """Return the catalogue for a language code such as "es" or "es-ES", else the English one."""
    code = language.split("-")[0].lower()
    if code not in languages():
        code = DEFAULT_LANGUAGE
    sentences = _read(DEFAULT_LANGUAGE)
    if code != DEFAULT_LANGUAGE:
        sentences = {**sentences, **_read(code)}
    return Catalogue(code, sentences)


def own_sentences(language: str) -> Mapping[str, Sentence]:
    """Return what a language's own files hold, without what English stands in for."""
    return _read(language)


@lru_cache(maxsize=8)
def _read(code: str) -> Mapping[str, Sentence]:
    sentences: dict[str, Sentence] = {}
    for file in (resources.files(__package__) / code).iterdir():
        if file.name.endswith(".toml"):
            area = file.name.removesuffix(".toml")
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            sentences.update({f"{area}.{key}": value for key, value in table.items()})
    return sentences
