"""Rows that are no examples: the total of the others, and those of another series."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zoo.runtime.time_order import dated_columns, time_columns

__all__ = ["series_problem", "total_note"]

TOTALS = {
    *("total", "totals", "grand total", "sum", "합계", "총계", "총합", "소계"),
    *("summe", "gesamt", "suma", "合计", "总计", "合計", "総計"),
}
ENOUGH = 3  # rows before a sum, of fewer it may be chance
KEYS = {
    *("ticker", "symbol", "code", "id", "store", "shop", "item", "unique_id"),
    *("종목", "종목코드", "종목명"),
}
SHARED = 0.6  # of the times of all series that each of them has, on average
MOST = 5  # values that a message shows

ColumnOf = Callable[[str], Sequence[Any]]


def total_note(
    last: Mapping[str, Any], column: ColumnOf, numbers: Sequence[str], place: str
) -> str:
    """Return what is said of the `last` row of a table where it is the total of the
    others, or "".

    It is if it says so in a word, or if it is their sum in every one of the columns
    `numbers`. `column` returns a column by its name.
    """
    for name, value in last.items():
        if _word(value) in TOTALS and list(column(name)).count(value) == 1:
            return (
                f"{place} holds {value.strip()!r}, and seems to be the total of the "
                "rows before it: take it out."
            )
    sums = [_is_sum(column(name)) for name in numbers if _word(last.get(name)) != ""]
    if not sums or not all(sums):
        return ""
    return (
        f"{place} is the sum of the rows before it in every column, and seems to be "
        "their total: take it out."
    )


def series_problem(
    names: Sequence[str],
    column: ColumnOf,
    index: Sequence[Any] | None,
    taken: Sequence[str],
) -> str:
    """Return what is said of a table that holds several series, or "".

    It does if a column of text, or one that is named as a key, has few values, and
    most times come again for each of them, but never twice for one. The columns `taken`
    are those of the model. `index` is that of a frame.
    """
    parts = [] if index is not None else [column(name) for name in time_columns(names)]
    times = list(index) if index is not None else [*zip(*parts, strict=True)]
    distinct = len({*map(str, times)})
    if not times or 3 * distinct > 2 * len(times):
        return ""
    dated = dated_columns(names)
    for name in (one for one in names if one not in (*dated, *taken)):
        values = [str(value).strip() for value in column(name)]
        known = dict.fromkeys(values)
        several = len(known) > 1 and SHARED * len(known) * distinct <= len(values)
        if not several or not (_is_key(name) or any(map(_is_text, known))):
            continue
        if len({*zip(map(str, times), values, strict=True)}) == len(values):
            shown = ", ".join(map(repr, [*known][:MOST]))
            more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
            return (
                f"The rows are of {len(known)} series, one for each value of {name!r} "
                f"({shown}{more}), and a model takes one: keep the rows of one value."
            )
    return ""


def _word(value: Any) -> str | None:
    """Return a text in small letters, "" where there is no value."""
    if value is None or value != value:
        return ""
    return value.strip(" :").casefold() if isinstance(value, str) else None


def _is_sum(values: Sequence[Any]) -> bool:
    """Return whether the last number is the sum of the others, and above each."""
    try:
        *others, last = map(float, values)
    except (TypeError, ValueError):
        return False
    if len(others) < ENOUGH or not math.isfinite(last):
        return False
    total = math.fsum(others) if all(map(math.isfinite, others)) else math.nan
    above = abs(last) > max(map(abs, others))
    return above and math.isclose(last, total, rel_tol=1e-6)


def _is_key(name: str) -> bool:
    return str(name).strip().lower() in KEYS


def _is_text(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return bool(value)
    return False
