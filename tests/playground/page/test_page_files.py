"""The page's files themselves: small, and asking nothing of any other host."""

from tests.playground.page.page_world import PAGE

SIZE_LIMIT_BYTES = 200_000


def test_the_page_is_small_enough_to_stay_without_a_build_step() -> None:
    sizes = {path.name: path.stat().st_size for path in PAGE.iterdir()}
    assert sum(sizes.values()) < SIZE_LIMIT_BYTES, sizes


def test_nothing_in_the_page_names_another_host_or_writes_inline_style() -> None:
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8")
        assert " style=" not in text and "<script>" not in text, path.name
        assert "@import" not in text and "url(http" not in text, path.name
