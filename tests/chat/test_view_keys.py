"""What buttons and menus are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.view_keys import Press, cursor_of, cursor_text, custom_id, id_of, parsed
from bot.errors import NotFoundError
from bot.model import Cursor


def test_a_custom_id_is_read_back() -> None:
    assert custom_id("next", "Ab-_9", "1_f_2_") == "t1:next:Ab-_9:1_f_2_"
    assert parsed("t1:next:Ab-_9:1_f_2_") == Press("next", "Ab-_9", "1_f_2_")
    assert parsed("t1:read:-", ["7"]) == Press("read", "-", "", ("7",))


def test_other_versions_are_told_apart_and_other_ids_are_not_ours() -> None:
    other = parsed("t2:read:x")
    assert other is not None and other.version == 2
    for text in ("", "x", "t1", "t1:", "p:read:x", "t1:READ:x", "t1234:read:x"):
        assert parsed(text) is None


def test_a_custom_id_never_exceeds_discords_length() -> None:
    with pytest.raises(ValueError, match="custom_id"):
        custom_id("open", "1", "x" * 100)


@given(
    st.integers(-(2**53), 2**53),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.integers(1, 10**7),
)
def test_a_cursor_fits_a_button_and_is_read_back(
    sort_at: int, score: float | None, back: bool, first: int
) -> None:
    cursor = Cursor(sort_at, score, back)
    text = cursor_text(cursor, first)
    assert cursor_of(text) == (cursor, first)
    custom_id("next", "k" * 16, text)


@pytest.mark.parametrize("text", ["", "1", "1_f_x_", "a_f_1_", "1_f_1_x", "1_f_1_2_3"])
def test_a_forged_cursor_gets_a_sentence(text: str) -> None:
    with pytest.raises(NotFoundError):
        cursor_of(text)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "٣", "9" * 30, "x"])
def test_a_forged_id_gets_a_sentence(text: str) -> None:
    with pytest.raises(NotFoundError):
        id_of(text)
