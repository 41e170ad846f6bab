"""Every sentence that chat and cogs name exists, and every one that exists is named."""

import re
from pathlib import Path

from bot.messages import catalogue

ROOT = Path(__file__).parents[2]
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("bot/chat", "cogs")
    for path in sorted((ROOT / folder).glob("*.py"))
)
MODULES = {f"cogs.{path.stem}" for path in (ROOT / "cogs").glob("*.py")}
NAMED = set(re.findall(r"[\"']((?:chat|cogs)\.[a-z_]+)[\"']", CODE)) - MODULES
# Keys made of a part: cogs.heading_{what}, chat.kind_{kind}, cogs.permission_{name}.
MADE = tuple(re.findall(r"[\"']((?:chat|cogs)\.[a-z_]+_)\{", CODE))


def test_every_sentence_named_in_code_exists() -> None:
    known = catalogue().sentences
    assert set(known) >= NAMED, sorted(NAMED - set(known))


def test_every_sentence_is_used() -> None:
    mine = {key for key in catalogue().sentences if key.startswith(("chat.", "cogs."))}
    unused = {key for key in mine - NAMED if not key.startswith(MADE)}
    assert not unused, sorted(unused)


def test_descriptions_fit_in_a_hundred_characters() -> None:
    for key, sentence in catalogue().sentences.items():
        if key.startswith("cogs.") and key.endswith(("_description", "_option")):
            assert len(str(sentence)) <= 100, key
