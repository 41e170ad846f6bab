"""Draws how often queries matched over time: a picture, and the same numbers as text."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

# A phone shows it 290 pixels wide: letters 32 high are read there as small print is.
WIDTH, PLOT_HEIGHT = 800, 460
MAX_POINTS = 48
_LETTERS = 32
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 30, 34, 62
_LEGEND_LINE, _LEGEND_CHARS = 46, 40
_BADGE = 19
_DATES = 4
# The panel is opaque, so that it reads the same on Discord's light and dark ground.
_LATIN_ENDS = 0x250
_GROUND, _INK, _RULE = "#fbfbf8", "#23262b", "#d5d5cf"
# Okabe and Ito's colours, which stay apart for colour-blind eyes; numbers mark the lines as well.
_COLOURS = ("#0072b2", "#c04a00", "#007a55", "#a8447c", "#3b3b3b")


Point = tuple[float, float]


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

    above = _LEGEND_LINE * len(series) + 16
    image = Image.new("RGB", (WIDTH, above + PLOT_HEIGHT), _GROUND)
    draw = ImageDraw.Draw(image)
    pen = _Pen(draw, ImageFont.load_default(size=_LETTERS), above)
    top = rounded(max((max(s.counts, default=0) for s in series), default=0))
    pen.legend(series)
    pen.rules(top)
    pen.dates(names)
    lines = [pen.line(one.counts, top, place) for place, one in enumerate(series)]
    for place, at in enumerate(badges(lines)):
        pen.badge(at, place)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def rounded(highest: int) -> int:
    """Return the top of a scale of four steps that are round numbers, little above the highest."""
    step, unit = 1, 1
    while step * 4 < highest:
        digit = step // unit
        unit, step = (unit * 10, unit * 10) if digit == 5 else (unit, unit * _NEXT_DIGIT[digit])
    return step * 4


_NEXT_DIGIT = {1: 2, 2: 3, 3: 5}


def badges(lines: Sequence[Sequence[Point]]) -> list[Point]:
    """Return where each line carries its number: at its highest point that no other covers."""
    taken: list[Point] = []
    for points in lines:
        free = [p for p in points if all(_apart(p, other) for other in taken)] or points[:1]
        taken.append(min(free, key=lambda point: point[1]))
    return taken


def _apart(one: Point, other: Point) -> bool:
    return math.dist(one, other) > 2 * _BADGE + 2


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws the parts of one picture; the plot begins below `above`."""

    draw: ImageDraw.ImageDraw
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    above: int

    def legend(self, series: Sequence[Series]) -> None:
        for place, one in enumerate(series):
            y = 14 + _LEGEND_LINE * place + _LEGEND_LINE // 2
            self.badge((_BADGE + 12, y), place)
            label = " ".join(one.label.split())
            # The font has Latin letters alone; the numbers lead to the names above the picture.
            if all(ord(character) < _LATIN_ENDS for character in label):
                short = label if len(label) <= _LEGEND_CHARS else label[: _LEGEND_CHARS - 1] + "…"
                at = (2 * _BADGE + 26, y)
                self.draw.text(at, short, fill=_INK, font=self.font, anchor="lm")

    def rules(self, top: int) -> None:
        for part in range(5):
            y = self._y(top * part // 4, top)
            self.draw.line((_LEFT, y, WIDTH - _RIGHT, y), fill=_RULE, width=2)
            at = (_LEFT - 14, y)
            self.draw.text(at, str(top * part // 4), fill=_INK, font=self.font, anchor="rm")

    def dates(self, names: Sequence[str]) -> None:
        last = len(names) - 1
        shown = sorted({round(last * part / (_DATES - 1)) for part in range(_DATES)})
        for place in shown:
            anchor = "lm" if place == 0 and last else "rm" if place == last and last else "mm"
            x = self._x(place, len(names)) + {"lm": -50, "rm": 40, "mm": 0}[anchor]
            y = self.above + PLOT_HEIGHT - _BOTTOM // 2
            self.draw.text((x, y), names[place], fill=_INK, font=self.font, anchor=anchor)

    def line(self, counts: Sequence[int], top: int, place: int) -> list[Point]:
        points = [(self._x(i, len(counts)), self._y(n, top)) for i, n in enumerate(counts)]
        colour = _COLOURS[place % len(_COLOURS)]
        self.draw.line(points, fill=colour, width=5, joint="curve")
        for x, y in points:
            self.draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colour)
        return points

    def badge(self, at: Point, place: int) -> None:
        """Put a line's number somewhere, so that none is told by its colour alone."""
        (x, y), r, colour = at, _BADGE, _COLOURS[place % len(_COLOURS)]
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=colour, outline=_GROUND, width=2)
        self.draw.text((x, y), str(place + 1), fill="#ffffff", font=self.font, anchor="mm")

    def _x(self, place: int, count: int) -> float:
        inner = WIDTH - _LEFT - _RIGHT - 2 * _BADGE
        return _LEFT + _BADGE + inner * (place / (count - 1) if count > 1 else 0.5)

    def _y(self, value: int, top: int) -> float:
        part = (PLOT_HEIGHT - _BOTTOM - _TOP) * value / top
        return self.above + PLOT_HEIGHT - _BOTTOM - part
