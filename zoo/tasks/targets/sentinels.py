"""Numbers that stand for a missing value, such as -999, among measured ones."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

from zoo._utils.shown import counted

__all__ = ["sentinel_notes"]

NINES = tuple(float("9" * digits) for digits in range(3, 10))
SENTINELS = frozenset((*NINES, -99.0, *(-number for number in NINES)))
ENOUGH = 5  # other values, to say what is far from them


def sentinel_notes(column: str, values: Iterable[Any]) -> list[str]:
    """Return a note for each usual sentinel in a column that is far from its values.

    It is far if it lies farther from all other values than these from each other, or
    if it alone is negative. What is no number is passed over.

        >>> sentinel_notes("'rain'", [0.2, 0.0, 3.1, 0.4, 1.8, -999])[0][:47]
        "'rain' holds -999 in 1 row, far from its other"
    """
    given = [v for v in values if isinstance(v, Real) and not isinstance(v, bool)]
    suspects = SENTINELS.intersection(given)
    if not suspects:  # as of most columns, which may be long
        return []
    numbers = [number for number in map(float, given) if math.isfinite(number)]
    others = [number for number in numbers if number not in suspects]
    if len(others) < ENOUGH:
        return []
    low, high = min(others), max(others)
    return [
        f"{column} holds {number:.0f} in {counted(numbers.count(number), 'row')}, far "
        f"from its other values ({low:g} to {high:g}), and it is taken as a number. If "
        "it stands for a missing value, take these rows out or fill it in."
        for number in sorted(suspects)
        if number < 0 <= low or max(low - number, number - high) > high - low
    ]
