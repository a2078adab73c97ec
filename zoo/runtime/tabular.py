"""From whatever a person calls a table row to the numbers a model takes."""

import math
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo.runtime.input_errors import InputError, near
from zoo.runtime.table import Table, TableError, read_csv

MAX_FLOAT = torch.finfo(torch.float32).max
MAX_SHOWN = 60  # characters of a value that a message shows
TIME_COLUMNS = ("date", "datetime", "day", "month", "time", "timestamp", "year")

Row = tuple[str, Any]  # where it stands, for an error message, and what it holds


def describe(input_spec: Any) -> str:
    """Return what the model takes, in words for an error message."""
    names = ", ".join(column.name for column in input_spec.columns)
    return (
        f"{len(input_spec.columns)} numbers a row ({names}): a dict, a list, an array, "
        "a DataFrame or one row of it, or a CSV file with a header (its path, or bytes)"
    )


def read(
    raw: Any, input_spec: Any, *, last: int | None = None
) -> tuple[list[list[float]], bool]:
    """Return the rows in `raw` in column order, and whether it was a single one.

    With `last`, that many rows from the end, of rows that follow each other in time;
    the others are not looked at.
    """
    if isinstance(raw, (str, os.PathLike, bytes, Table)):
        rows, single = _from_table(raw, input_spec), False
    else:
        values, single = _rows(raw, input_spec)
        number = [
            f"Row {n}: " if len(values) > 1 else "" for n in range(1, 1 + len(values))
        ]
        rows = list(zip(number, values, strict=True))
    if not rows:
        raise InputError("The input is empty.", describe(input_spec))
    kept = rows if last is None else rows[-last:]
    if last is not None:
        _check_order([row for _, row in kept], input_spec)
    return [_numbers(row, input_spec, where) for where, row in kept], single


def encode(rows: Sequence[list[float]], input_spec: Any) -> Tensor:
    """Return rows as one batch (B, columns), float32."""
    return torch.tensor(rows, dtype=torch.float32)


def forms(raw: Any) -> bool:
    """Return whether `raw` is of a type that can hold rows."""
    plain = (Mapping, list, tuple, str, os.PathLike, bytes, Tensor, np.ndarray, Table)
    return isinstance(raw, plain) or hasattr(raw, "to_dict")


def _rows(raw: Any, input_spec: Any) -> tuple[Sequence[Any], bool]:
    raw = _plain(raw)
    if isinstance(raw, Mapping):
        return _transposed(raw, input_spec)
    if isinstance(raw, (list, tuple)):
        plain = [_plain(item) for item in raw]
        if not plain or any(isinstance(one, (Mapping, list, tuple)) for one in plain):
            return plain, False
        return [plain], True
    raise InputError(f"A {type(raw).__name__} is not a row.", describe(input_spec))


def _plain(raw: Any) -> Any:
    """Return arrays, tensors, frames and series as lists and dicts, row by row."""
    if isinstance(raw, (Tensor, np.ndarray)):
        return raw.tolist()
    if not hasattr(raw, "to_dict"):  # pandas, without importing it
        return raw
    if getattr(raw, "ndim", 0) == 2:
        return raw.to_dict(orient="records")
    return raw.to_dict()


def _transposed(raw: Mapping[Any, Any], input_spec: Any) -> tuple[Sequence[Any], bool]:
    """Take a dict as a row or, where it holds lists, as columns."""
    columns = {name: _plain(value) for name, value in raw.items()}
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
    values = zip(*(columns[name] for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in values], False


def _from_table(raw: Any, input_spec: Any) -> list[Row]:
    """Return the rows of a table, or of a CSV file: its path, or its content."""
    table = raw
    if not isinstance(raw, Table):
        try:
            table = read_csv(raw)
        except TableError as exc:
            raise InputError(exc.problem, describe(input_spec)) from exc
    return [(f"{table.place(number)}: ", table[number]) for number in range(len(table))]


def _check_order(rows: Sequence[Any], input_spec: Any) -> None:
    """Refuse rows of a series that all go back in time, as some sites give them."""
    named = rows[0] if isinstance(rows[0], Mapping) else {}
    for name in (name for name in named if str(name).lower() in TIME_COLUMNS):
        times: list[Any] = [row.get(name) for row in rows if isinstance(row, Mapping)]
        try:
            falls = all(later < sooner for sooner, later in pairwise(times))
        except TypeError:  # a gap, or a kind that has no order
            continue
        if falls and len(times) > 1:
            problem = f"The rows go back in time: {name!r} falls to {times[-1]!s}."
            raise InputError(problem, describe(input_spec))


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
        problem = f"{where}{len(row)} values for {len(columns)} columns."
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
    problem = f"{where}column {name!r} is missing. {hint.strip()}"
    raise InputError(problem, describe(input_spec))


def _number(value: Any, column: Any, input_spec: Any, where: str) -> float:
    if isinstance(value, (Tensor, np.ndarray, np.generic)) and value.ndim == 0:
        value = value.item()
    number = _float(value)
    if math.isfinite(number) and abs(number) <= MAX_FLOAT:
        return number
    fault = "too large a number" if math.isfinite(number) else "not a number"
    shown = (
        f"{value!r}" if len(f"{value!r}") < MAX_SHOWN else f"{value!r:.{MAX_SHOWN}}..."
    )
    problem = f"{where}column {column.name!r} holds {shown}, {fault}."
    raise InputError(problem, describe(input_spec))


def _float(value: Any) -> float:
    plain = isinstance(value, str) or hasattr(value, "__float__")
    if not plain or isinstance(value, (Tensor, np.ndarray)):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # a whole number can be that large
        return float(MAX_FLOAT) * 2
    except (ValueError, TypeError):
        return math.nan
