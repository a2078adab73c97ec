"""Numbers among measured ones that stand for a missing value, such as -999, or are far
from all others."""

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

from zoo._utils.shown import counted

__all__ = ["far_notes", "sentinel_notes"]

NINES = tuple(float("9" * digits) for digits in range(3, 10))
SENTINELS = frozenset((*NINES, -99.0, *(-number for number in NINES)))
FAR = 10  # ranges of the other values beyond them is far
FEW = 3  # values that may be far from the others at one end
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


def far_notes(values: Sequence[float], names: Sequence[str]) -> list[str]:
    """Return a note where few targets are very far from all others, but for usual
    sentinels.

    They are if they lie ten times as far beyond the others as these reach; `names` are
    those of the rows.

        >>> far_notes([0.1, 0.5, 0.9, 0.4, 0.6, 99], ["row 1", *"2345", "row 6"])
        ['the target is 99 (row 6), far from its other values (0.1 to 0.9): check it.']
    """
    rows = [row for row, value in enumerate(values) if value not in SENTINELS]
    rows.sort(key=values.__getitem__)
    for count in range(1, FEW + 1):
        ends = (rows[:count], rows[count:]), (rows[-count:], rows[:-count])
        for far, others in ends:
            if len(others) < ENOUGH:
                return []
            low, high = values[others[0]], values[others[-1]]
            beyond = min(max(low - values[row], values[row] - high) for row in far)
            if high > low and beyond > FAR * (high - low):
                first = min(far)
                more = f" and {count - 1} more" if count > 1 else ""
                return [
                    f"the target is {values[first]:g} ({names[first]}{more}), far from "
                    f"its other values ({low:g} to {high:g}): check it."
                ]
    return []
