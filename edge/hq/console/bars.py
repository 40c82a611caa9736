"""Pure. A small bar chart as numbers for an SVG."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

WIDTH, HEIGHT, GAP = 240, 44, 2


class Bar(Struct, frozen=True):
    """One bar in SVG units, and the number it stands for."""

    x: float
    y: float
    width: float
    height: float
    number: int


def bars(numbers: Sequence[int]) -> list[Bar]:
    """Equal bars from left to right, the highest over the whole height; an hour without anything keeps a thin line."""
    if not numbers:
        return []
    width = WIDTH / len(numbers)
    top = max(1, *numbers)
    heights = [max(2.0, HEIGHT * number / top) for number in numbers]
    return [
        Bar(round(place * width, 2), round(HEIGHT - height, 2), round(width - GAP, 2), round(height, 2), number)
        for place, (number, height) in enumerate(zip(numbers, heights, strict=True))
    ]
