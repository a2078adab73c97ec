"""From whatever a person calls a table row to the numbers a model takes."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo.runtime.input_errors import InputError, a_type, near
from zoo.runtime.odd_rows import series_problem, total_note
from zoo.runtime.table import Table, TableError, read_csv
from zoo.runtime.time_order import dated_columns, time_order
from zoo.runtime.user_warnings import warn_user

MAX_FLOAT = torch.finfo(torch.float32).max
MAX_SHOWN = 60  # characters of a value that a message shows
COMMA = re.compile(r"[+-]?\d+,\d+")  # "3,14", as much of Europe writes it
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")  # "1,322"
TRUE = "Column {!r} holds truth values: True is read as 1, and False as 0."
TRUTH = ("true", "false", "yes", "no")

Row = tuple[str, Any]  # where it stands, for an error message, and what it holds


def describe(input_spec: Any) -> str:
    """Return what the model takes, in words for an error message."""
    names = ", ".join(column.name for column in input_spec.columns)
    count = len(input_spec.columns)
    return (
        f"{count} {'number' if count == 1 else 'numbers'} a row ({names}): a dict, a "
        "list, an array, a DataFrame or one row of it, or a CSV file with a header "
        "(its path, or bytes)"
    )


def read(
    raw: Any, input_spec: Any, *, last: int | None = None
) -> tuple[list[list[float]], bool]:
    """Return the rows in `raw` in column order, and whether it was a single one.

    With `last`, that many rows from the end, of rows that follow each other in time;
    the others are not looked at.
    """
    if isinstance(raw, (str, os.PathLike, bytes, Table)):
        raw = _table(raw, input_spec)
        rows = [(f"{raw.place(number)}: ", raw[number]) for number in range(len(raw))]
        single = False
    else:
        values, single = _rows(raw, input_spec)
        number = [
            f"Row {n}: " if len(values) > 1 else "" for n in range(1, 1 + len(values))
        ]
        rows = list(zip(number, values, strict=True))
    if not rows:
        problem = "The input is empty."
        if isinstance(raw, Table) and raw.source:
            problem = f"{raw.source} has names of columns, and no rows."
        raise InputError(problem, describe(input_spec))
    kept = rows if last is None else rows[-last:]
    if last is not None:
        index = _index(raw)
        dates = None if index is None else index[-last:]
        beside = _dates_of_index(raw) if index is None else {}
        columns = {name: values[-last:] for name, values in beside.items()}
        places = raw.places[-last:] if isinstance(raw, Table) else ()
        _check_order([row for _, row in kept], dates, input_spec, columns, places)
    _check_whole(raw, [row for _, row in rows], input_spec, series=last is not None)
    _say_truth([row for _, row in kept], input_spec)
    return [_numbers(row, input_spec, where) for where, row in kept], single


def encode(rows: Sequence[list[float]], input_spec: Any) -> Tensor:
    """Return rows as one batch (B, columns), float32."""
    return torch.tensor(rows, dtype=torch.float32)


def forms(raw: Any) -> bool:
    """Return whether `raw` is of a type that can hold rows."""
    plain = (Mapping, list, tuple, str, os.PathLike, bytes, Tensor, np.ndarray, Table)
    return isinstance(raw, plain) or hasattr(raw, "to_dict")


def _rows(raw: Any, input_spec: Any) -> tuple[Sequence[Any], bool]:
    if _is_series(raw) and not any(isinstance(name, str) for name in raw.index):
        problem = (
            "A Series whose index has no names may be a row or a column. Give a column "
            "as series.to_frame(), and a row as series.tolist()."
        )
        raise InputError(problem, describe(input_spec))
    raw = _plain(raw)
    if isinstance(raw, Mapping):
        return _transposed(raw, input_spec)
    if isinstance(raw, (list, tuple)):
        plain = [_plain(item) for item in raw]
        if not plain or any(isinstance(one, (Mapping, list, tuple)) for one in plain):
            return plain, False
        return [plain], True
    raise InputError(f"{a_type(raw)} is not a row.", describe(input_spec))


def _plain(raw: Any) -> Any:
    """Return arrays, tensors, frames and series as lists and dicts, row by row."""
    if isinstance(raw, (Tensor, np.ndarray)):
        return raw.tolist()
    if not hasattr(raw, "to_dict"):  # pandas, without importing it
        return raw
    if getattr(raw, "ndim", 0) == 2:
        return raw.to_dict(orient="records")
    return raw.to_dict()


def _is_series(raw: Any) -> bool:
    """Return whether `raw` is a Series of pandas, without importing it."""
    return hasattr(raw, "to_dict") and hasattr(raw, "index") and raw.ndim == 1


def _transposed(raw: Mapping[Any, Any], input_spec: Any) -> tuple[Sequence[Any], bool]:
    """Take a dict as a row or, where it holds lists, as columns."""
    columns = {
        name: value.tolist() if _is_series(value) else _plain(value)
        for name, value in raw.items()
    }
    names = [name for name in columns if name in {c.name for c in input_spec.columns}]
    if not any(isinstance(columns[name], (list, tuple)) for name in names):
        return [raw], True
    lengths = {
        name: len(columns[name]) if isinstance(columns[name], (list, tuple)) else 1
        for name in names
    }
    if len(set(lengths.values())) > 1:
        listing = ", ".join(f"{name}: {count}" for name, count in lengths.items())
        problem = f"The columns differ in length ({listing})."
        raise InputError(problem, describe(input_spec))
    count = max(lengths.values())
    lists = {
        name: list(value) if isinstance(value, (list, tuple)) else [value]
        for name, value in columns.items()
    }
    # Dates beside them stay: they say in which order a series is.
    names = [name for name in columns if name in lengths or len(lists[name]) == count]
    values = zip(*(lists[name] for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in values], False


def _table(raw: Any, input_spec: Any) -> Table:
    """Return a table, or that of a CSV file: its path, or its content."""
    if isinstance(raw, Table):
        return raw
    try:
        return read_csv(raw)
    except TableError as exc:
        raise InputError(exc.problem, describe(input_spec)) from exc


def _check_whole(
    raw: Any, rows: Sequence[Any], input_spec: Any, *, series: bool
) -> None:
    """Refuse rows of several series; warn of a last row that is the total."""
    if len(rows) < 2 or not all(isinstance(row, Mapping) for row in rows):
        return
    names = [column.name for column in input_spec.columns]

    def column(name: str) -> list[Any]:
        return [row.get(name) for row in rows]

    if series:
        problem = series_problem(list(rows[0]), column, _index(raw), names)
        if problem:
            raise InputError(problem, describe(input_spec))
    place = raw.place(len(rows) - 1) if isinstance(raw, Table) else f"Row {len(rows)}"
    if said := total_note(rows[-1], column, names, place):
        warn_user(said)


def _check_order(
    rows: Sequence[Any],
    index: Sequence[Any] | None,
    input_spec: Any,
    beside: Mapping[str, list[Any]],
    places: Sequence[str],
) -> None:
    """Refuse rows of a series that are not in the order of time; warn where dates do
    not say it."""
    named = [row for row in rows if isinstance(row, Mapping)]
    columns = {
        name: [row.get(name) for row in named] for name in (named[0] if named else ())
    }
    found = time_order({**columns, **beside}, index, places)
    if found.direction in ("back", "mixed"):
        raise InputError(found.problem, describe(input_spec))
    for said in (found.problem, *found.notes):
        if said:
            warn_user(said)


def _index(raw: Any) -> list[Any] | None:
    """Return the index of a frame whose rows are dated by it."""
    if isinstance(raw, Table):
        return None if raw.times is None else list(raw.times)
    index = getattr(raw, "index", None)
    dated = type(index).__name__ in ("DatetimeIndex", "PeriodIndex")
    return list(index) if dated and index is not None else None


def _dates_of_index(raw: Any) -> dict[str, list[Any]]:
    """Return the index of a frame by its name, where that is one of dates."""
    index = getattr(raw, "index", None)
    name = getattr(index, "name", None)
    if index is None or not isinstance(name, str) or not dated_columns([name]):
        return {}
    return {name: list(index)}


def _numbers(row: Any, input_spec: Any, where: str) -> list[float]:
    columns = input_spec.columns
    if isinstance(row, Mapping) and any(isinstance(name, str) for name in row):
        row = [_value(column.name, row, input_spec, where) for column in columns]
    elif isinstance(row, Mapping):  # of pandas, numbered and not named
        row = list(row.values())
    if not isinstance(row, (list, tuple)):
        problem = f"{where}{row!r} is not a row."
        raise InputError(problem, describe(input_spec))
    if len(row) != len(columns):
        values = "1 value" if len(row) == 1 else f"{len(row)} values"
        names = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
        problem = f"{where}{values} for {names}."
        raise InputError(problem, describe(input_spec))
    return [
        _number(value, column, input_spec, where)
        for value, column in zip(row, columns, strict=True)
    ]


def _value(name: str, row: Mapping[Any, Any], input_spec: Any, where: str) -> Any:
    if name in row:
        return row[name]
    others = {str(other) for other in row} - {c.name for c in input_spec.columns}
    hint = near(name, sorted(others)).replace("Did you mean", "Is it")
    if not hint:
        hint = f"There is: {', '.join(map(str, row))}."
        if others and all(math.isfinite(to_float(other)) for other in others):
            hint = "The first line holds numbers, and no names of columns: add them."
    problem = f"{where}column {name!r} is missing. {hint.strip()}"
    raise InputError(problem, describe(input_spec))


def _number(value: Any, column: Any, input_spec: Any, where: str) -> float:
    if isinstance(value, (Tensor, np.ndarray, np.generic)) and value.ndim == 0:
        value = value.item()
    number = to_float(value)
    if math.isfinite(number) and abs(number) <= MAX_FLOAT:
        return number
    fault = "too large a number" if math.isfinite(number) else no_number(value)
    shown = (
        f"{value!r}" if len(f"{value!r}") < MAX_SHOWN else f"{value!r:.{MAX_SHOWN}}..."
    )
    problem = f"{where}column {column.name!r} holds {shown}, {fault}."
    raise InputError(problem, describe(input_spec))


def _say_truth(rows: Sequence[Any], input_spec: Any) -> None:
    """Warn of True and False among the numbers of rows."""
    names = [column.name for column in input_spec.columns]
    found = {
        name
        for row in rows
        if isinstance(row, (Mapping, list, tuple))
        for name, value in (
            row.items() if isinstance(row, Mapping) else zip(names, row, strict=False)
        )
        if isinstance(value, (bool, np.bool_)) and name in names
    }
    for name in filter(found.__contains__, names):
        warn_user(TRUE.format(name))


def no_number(value: Any) -> str:
    """Return that a value is not a number, and how it may be written as one."""
    plain = str(value).strip()
    if plain.lower() in TRUTH:
        return "not a number: write 1 for true and 0 for false"
    if THOUSANDS.fullmatch(plain):
        whole = plain.replace(",", "")
        point = "" if plain.count(",") > 1 else f", or {plain.replace(',', '.')}"
        where = " where it is a decimal comma" if point else ""
        return f"not a number: write {whole} where commas part thousands{point}{where}"
    if COMMA.fullmatch(plain):
        point = plain.replace(",", ".")
        return f"not a number: write {point}, or leave the comma out"
    return "not a number"


def to_float(value: Any) -> float:
    """Return what is written as a number as one; NaN for all else."""
    plain = isinstance(value, str) or hasattr(value, "__float__")
    if not plain or isinstance(value, (Tensor, np.ndarray)):
        return math.nan
    if isinstance(value, str) and "_" in value:
        return math.nan  # which Python would read as 51 in "5_1"
    try:
        return float(value)
    except OverflowError:  # a whole number can be that large
        return float(MAX_FLOAT) * 2
    except (ValueError, TypeError):
        return math.nan
