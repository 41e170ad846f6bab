"""A file of subscriptions is anybody's text: it is read, or refused with a sentence."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import TagwireError
from bot.messages import catalogue
from cogs.subscription_file import FORMAT, Item, Refused, read

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def some(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={key: ANYTHING for key in keys})


ENTRIES = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {"channel": st.one_of(some("id", "name"), ANYTHING), "query": st.text(max_size=30)},
        optional={
            "look": some("form", "accent", "parts", "template", "webhook"),
            "rhythm": some("mode", "at", "weekday", "zone", "quiet", "per_hour", "cap", "copies"),
            "ping": some("role", "query", "members_join"),
            "paused": ANYTHING,
        },
    ),
)
WHOLE: dict[str, Any] = {"channel": {"id": "5", "name": "news"}, "query": "un"}


def said(error: TagwireError) -> str:
    return catalogue().say(error.key, **error.params)


@given(entries=st.lists(ENTRIES, max_size=4))
@settings(max_examples=300, deadline=None)
@example(entries=[WHOLE | {"look": {"template": "\ud800"}}])
@example(entries=[WHOLE | {"query": "\udfff"}])
@example(entries=[WHOLE | {"look": {"webhook": 1}}])
@example(entries=[WHOLE | {"rhythm": {"zone": "../../etc/passwd"}}])
def test_each_entry_is_taken_or_refused_with_a_sentence(entries: list[Any]) -> None:
    file = read(json.dumps({FORMAT: 1, "subscriptions": entries}).encode())
    assert len(file.entries) == len(entries)
    for entry in file.entries:
        if isinstance(entry, Refused):
            assert said(entry.error)
        else:
            assert isinstance(entry, Item)
            json.dumps([entry.query, dict(entry.look), dict(entry.rhythm)]).encode()
            for text in (entry.query, entry.channel_name, str(entry.look.get("template", ""))):
                text.encode()


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read(content)
    except TagwireError as error:
        assert said(error)


def test_what_is_taken_is_as_it_is_stored() -> None:
    look = {"form": "thread", "accent": "#112233", "parts": ["tags", "source"], "webhook": True}
    rhythm = {"mode": "weekly", "at": "8", "quiet": "22-7", "zone": "europe/berlin", "copies": True}
    entry = WHOLE | {"look": look, "rhythm": rhythm, "query": "tag:UN  tag:US"}
    (item,) = read(json.dumps({FORMAT: 1, "subscriptions": [entry]}).encode()).entries
    assert isinstance(item, Item) and item.query == "tag:UN tag:US"
    assert item.look == look | {"accent": 0x112233, "parts": ["source", "tags"]}
    assert item.rhythm == rhythm | {
        "at": "08:00",
        "quiet": "22:00-07:00",
        "zone": "Europe/Berlin",
    }
