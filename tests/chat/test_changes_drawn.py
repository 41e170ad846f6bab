"""What corrections changed: before and now, as far as they differ, whatever an article holds."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from bot.chat import render
from bot.model import Article, Block, BlockType, Tag
from tests.chat.test_message_limits import SAY, Few, articles, bare_article, check

P = BlockType.PARAGRAPH
LONG = (
    "The council met in the old hall by the harbour on a grey morning and spoke of {} boats. " * 3
)


def text(article: Article, *versions: Article) -> str:
    drawn: Any = render.changes(article, versions, SAY)
    parts = drawn.to_components()[0]["components"]
    return "\n".join(part["content"] for part in parts if part["type"] == 10)


def made(*texts: str, **changed: Any) -> Article:
    return replace(bare_article(), blocks=tuple(Block(P, one) for one in texts), **changed)


def test_a_number_that_changed_is_shown_with_the_words_around_it() -> None:
    before, after = LONG.replace("{}", "ten", 2), LONG.replace("{}", "ten", 1)
    shown = text(made(after.replace("{}", "six")), made(before.replace("{}", "six")))
    assert "> Before: …harbour on a grey morning and spoke of ten boats." in shown
    assert "> Now: …harbour on a grey morning and spoke of six boats." in shown
    assert shown.count("met in the old hall") < 4


def test_parts_that_came_and_went_and_names_are_told() -> None:
    before = made("One.", "Two.", authors=("Ana Berg",), tags=(Tag(1, "UN", "un"),))
    after = made("One.", "Three and a half.", "Four.", authors=("Ana Berg", "Tom Ito"))
    shown = text(replace(after, title="New", tags=(Tag(2, "Water", "water"),)), before)
    assert "Before: Title" in shown and "Now: New" in shown
    assert "Now: Ana Berg, Tom Ito" in shown
    assert "Before: Two." in shown and "Now: Three and a half." in shown and "Now: Four." in shown
    assert "Tags taken off: UN" in shown and "Tags added: Water" in shown
    assert "One." not in shown


def test_five_corrections_are_told_the_last_one_first() -> None:
    steps = [made(f"Version {number}.") for number in range(6)]
    shown = text(steps[5], *steps[:5])
    heads = [line for line in shown.split("\n") if line.startswith("### ")]
    assert heads == [f"### Correction {number} of 5" for number in range(5, 0, -1)]
    assert shown.index("Now: Version 5.") < shown.index("Now: Version 1.")


def test_nothing_that_is_shown_says_so() -> None:
    assert "small things" in text(made("One.", url="https://a.example/2"), made("One."))


@settings(max_examples=40, deadline=None)
@given(articles().map(lambda one: Few([one])), articles().map(lambda one: Few([one])))
def test_any_two_versions_hold_the_limits(one: list[Article], other: list[Article]) -> None:
    check(render.changes(one[0], (other[0], one[0], other[0]), SAY))
