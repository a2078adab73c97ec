"""Objects as an annotation has them, and what is wrong with their boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zoo._utils.shown import brief
from zoo.errors import DataError

__all__ = [
    "CENTER_SIZE",
    "CORNER_SIZE",
    "ENDS",
    "PIXELS_FROM_1",
    "Mark",
    "Marked",
    "numbers",
]

# The forms of a box: what its four numbers are.
ENDS = "xmin, ymin, xmax, ymax"  # in pixels, the borders of which are whole numbers
PIXELS_FROM_1 = "xmin, ymin, xmax, ymax, pixels counted from 1"  # the last is inside
CORNER_SIZE = "x, y, width, height"  # in pixels
CENTER_SIZE = "x, y, width, height, shares"  # the centre and the size
ROUNDING = 1.0  # pixels: beyond its picture by no more, a box was rounded
MEANT = (
    " It would be if its numbers are xmin, ymin, xmax, ymax: write the width and the "
    "height instead."
)
NOTED = 0.01  # pixels by which a box is cut off without a word


@dataclass(frozen=True)
class Mark:
    """One object: its box as it is written, its label, by name or by number, and where
    that stands, for messages."""

    box: tuple[float, float, float, float]
    form: str
    label: str | int
    where: str

    def shares(self, size: tuple[int, int]) -> tuple[tuple[float, ...], bool]:
        """Return the ends (xmin, ymin, xmax, ymax) as shares of a picture of this
        width and height, and whether the box was cut off to lie in it.

        Raises DataError for a box without an area, and for one outside the picture.
        """
        width, height = size
        a, b, c, d = self.box
        if self.form == CENTER_SIZE:
            a, b, c, d = a * width, b * height, c * width, d * height
            ends = (a - c / 2, b - d / 2, a + c / 2, b + d / 2)
        elif self.form == CORNER_SIZE:
            ends = (a, b, a + c, b + d)
        elif self.form == PIXELS_FROM_1:
            ends = (a - 1, b - 1, c, d)
        else:
            ends = (a, b, c, d)
        shown = f"the box [{', '.join(f'{one:g}' for one in self.box)}] ({self.form})"
        first_form = self.form in (ENDS, PIXELS_FROM_1)
        flat = c <= a or d <= b if first_form else c <= 0 or d <= 0
        if flat:
            raise DataError(f"{self.where}: {shown} has no area.")
        beyond = max(-ends[0], -ends[1], ends[2] - width, ends[3] - height)
        if beyond > ROUNDING:
            as_ends = a >= 0 and b >= 0 and a < c <= width and b < d <= height
            hint = MEANT if self.form == CORNER_SIZE and as_ends else ""
            raise DataError(
                f"{self.where}: {shown} is not inside its picture, which is "
                f"{width}x{height}.{hint}"
            )
        inside = [
            min(max(end / of, 0.0), 1.0)
            for end, of in zip(ends, (width, height) * 2, strict=True)
        ]
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            raise DataError(
                f"{self.where}: {shown} is not inside its picture, which is "
                f"{width}x{height}."
            )
        return tuple(inside), beyond > NOTED


@dataclass
class Marked:
    """The objects of one picture, not checked yet: each a `Mark`, or what another kind
    of target has.

    `size` is the width and height of the picture as `where` says, None where it says
    nothing. `order` are the names of labels in the order that the annotations have.
    """

    marks: Sequence[Any] = ()
    size: tuple[int, int] | None = None
    where: str = ""
    order: Sequence[str] = field(default=(), repr=False)


def numbers(values: Sequence[Any], where: str, names: Sequence[str]) -> tuple[Any, ...]:
    """Return values as floats. Raises DataError for what is no finite number; `names`
    say what each value is."""
    found = []
    for value, name in zip(values, names, strict=True):
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{where}: {name} is {brief(value)}, which is no number.")
        found.append(number)
    return tuple(found)
