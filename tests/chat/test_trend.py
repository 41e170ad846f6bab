"""The picture of a trend: legible on a phone, its lines told apart by more than their colour."""

import io
import math

import pytest
from PIL import Image

from bot.chat.trend import WIDTH, Series, badges, picture, rounded


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 4), (4, 4), (5, 8), (12, 12), (13, 20), (21, 40), (90, 120), (450, 800), (9_999, 12_000)],
)
def test_the_scale_ends_a_little_above_the_highest(highest: int, top: int) -> None:
    assert rounded(highest) == top


def test_no_number_of_a_line_covers_another_s() -> None:
    same = [(float(x), 10.0 if x == 400 else 200.0) for x in range(0, 800, 50)]
    found = badges([same] * 5)
    assert found[0] == (400.0, 10.0)
    apart = [math.dist(a, b) for i, a in enumerate(found) for b in found[:i]]
    assert min(apart) > 38


def test_lines_of_one_point_have_their_numbers_all_the_same() -> None:
    assert badges([[(5.0, 5.0)], [(5.0, 5.0)]]) == [(5.0, 5.0), (5.0, 5.0)]


def shown(series: list[Series], names: tuple[str, ...]) -> Image.Image:
    return Image.open(io.BytesIO(picture(names, series))).convert("RGB")


def dark(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    return sum(image.crop(box).convert("L").histogram()[:70])


def test_the_picture_names_its_lines_in_letters_a_phone_can_show() -> None:
    months = tuple(f"2025-{month:02}" for month in range(1, 13))
    named = shown([Series("water", tuple(range(12)))], months)
    bare = shown([Series("水", tuple(range(12)))], months)
    legend = (64, 0, WIDTH, 62)
    assert dark(named, legend) > 300 and dark(bare, legend) == 0
    # A letter is at least a thirtieth of the width: 10 of a phone's 290 pixels.
    rows = [y for y in range(62) if dark(named, (64, y, 200, y + 1))]
    assert rows[-1] - rows[0] + 1 >= 20


def test_the_ground_is_opaque_so_that_dark_and_light_show_the_same() -> None:
    drawn = Image.open(io.BytesIO(picture(("2025",), [Series("a", (1,))])))
    assert drawn.mode == "RGB"
    lightness = [sum(drawn.getpixel(at)) / 3 for at in ((0, 0), (WIDTH - 1, drawn.height - 1))]  # type: ignore[arg-type]
    assert min(lightness) > 240
