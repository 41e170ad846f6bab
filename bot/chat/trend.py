"""Draws how often queries matched over time: a picture, and the same numbers as text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

SIZE = (960, 480)
MAX_POINTS = 48
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 28, 44
# The panel is opaque, so that it reads the same on Discord's light and dark ground.
_GROUND, _INK, _RULE = "#fbfbf8", "#23262b", "#d5d5cf"
# Okabe and Ito's colours, which stay apart for colour-blind eyes; numbers mark the lines as well.
_COLOURS = ("#0072b2", "#c04a00", "#007a55", "#a8447c", "#3b3b3b")


@dataclass(frozen=True, slots=True)
class Series:
    """One query's counts by period, all series over the same periods."""

    label: str
    counts: tuple[int, ...]


def periods(found: Sequence[Mapping[str, int]]) -> tuple[tuple[str, ...], list[tuple[int, ...]]]:
    """Return the periods from the first month to the last, and each query's counts in them.

    More than MAX_POINTS months are counted by year.
    """
    months = sorted({month for counts in found for month in counts})
    if not months:
        return (), [() for _ in found]
    names = _months(months[0], months[-1])
    if len(names) <= MAX_POINTS:
        return names, [tuple(counts.get(name, 0) for name in names) for counts in found]
    years = tuple(dict.fromkeys(name[:4] for name in names))
    return years, [
        tuple(sum(n for month, n in counts.items() if month[:4] == year) for year in years)
        for counts in found
    ]


def _months(first: str, last: str) -> tuple[str, ...]:
    low, high = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return tuple(f"{n // 12:04}-{n % 12 + 1:02}" for n in range(low, high + 1))


def picture(names: Sequence[str], series: Sequence[Series]) -> bytes:
    """Return the lines as a PNG. It blocks for some ten milliseconds: call it in a thread."""
    # Few ever ask for a picture: a bot that draws none does not hold what draws them.
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", SIZE, _GROUND)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=18)
    top = _rounded(max((max(s.counts, default=0) for s in series), default=0))
    _rules(draw, font, top)
    _dates(draw, font, names)
    for place, one in enumerate(series):
        _line(draw, font, one.counts, top, place)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _rounded(highest: int) -> int:
    step = 1
    while step * 4 < highest:
        step *= 5 if str(step)[0] == "2" and step * 2 < highest else 2
    return step * 4


def _x(place: int, count: int) -> float:
    return _LEFT + (SIZE[0] - _LEFT - _RIGHT) * (place / (count - 1) if count > 1 else 0.5)


def _y(value: int, top: int) -> float:
    return SIZE[1] - _BOTTOM - (SIZE[1] - _BOTTOM - _TOP) * value / top


def _rules(
    draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, top: int
) -> None:
    for part in range(5):
        value = top * part // 4
        y = _y(value, top)
        draw.line((_LEFT, y, SIZE[0] - _RIGHT, y), fill=_RULE, width=1)
        draw.text((_LEFT - 10, y), str(value), fill=_INK, font=font, anchor="rm")


def _dates(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    names: Sequence[str],
) -> None:
    step = max(1, -(-len(names) // 8))
    for place in range(0, len(names), step):
        x = min(max(_x(place, len(names)), _LEFT), SIZE[0] - _RIGHT - 30)
        draw.text((x, SIZE[1] - 22), names[place], fill=_INK, font=font, anchor="mm")


def _line(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    counts: Sequence[int],
    top: int,
    place: int,
) -> None:
    points = [(_x(i, len(counts)), _y(n, top)) for i, n in enumerate(counts)]
    if not points:
        return
    colour = _COLOURS[place % len(_COLOURS)]
    draw.line(points, fill=colour, width=3, joint="curve")
    for x, y in points:
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
    # Its number stands at its highest point, so that no line is told by colour alone.
    x, y = min(points, key=lambda point: point[1])
    x, y = min(max(x, _LEFT + 16), SIZE[0] - _RIGHT - 16), max(y, _TOP)
    draw.ellipse((x - 13, y - 13, x + 13, y + 13), fill=colour)
    draw.text((x, y), str(place + 1), fill="#ffffff", font=font, anchor="mm")
