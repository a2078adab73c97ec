"""From whatever a person calls a series to its last rows, as a model takes them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo.runtime import tabular
from zoo.runtime.input_errors import InputError, a_type, open_each
from zoo.runtime.table import Table

__all__ = ["Series", "describe", "encode", "items", "open_series", "read"]

NOT_FLAT = (str, bytes, os.PathLike, Mapping, Table)  # forms that name their columns


@dataclass(frozen=True)
class Series:
    """The last rows of a series, in the order of the model's columns."""

    rows: list[list[float]]
    names: tuple[str, ...]

    def column(self, name: str) -> tuple[float, ...]:
        """Return the numbers of a column, the oldest first; of no column, none."""
        if name not in self.names:
            return ()
        place = self.names.index(name)
        return tuple(row[place] for row in self.rows)


def describe(input_spec: Any) -> str:
    """Return what the model takes, in words for an error message."""
    names = ", ".join(column.name for column in input_spec.columns)
    return (
        f"the last {input_spec.length} rows of a series ({names}), the oldest first: a "
        "DataFrame, a list of dicts or of lists, an array, or a CSV file with a header "
        "(its path, or bytes); or a list of several of those"
    )


def read(raw: Any, input_spec: Any) -> tuple[list[Series], bool]:
    """Return the series in `raw`, and whether it was a single one."""
    series, single = items(raw, input_spec)
    return open_each(series, single, lambda one: open_series(one, input_spec)), single


def encode(opened: Sequence[Series], input_spec: Any) -> Tensor:
    """Return opened series as one batch (B, length, columns), float32."""
    return torch.tensor([one.rows for one in opened], dtype=torch.float32)


def items(raw: Any, input_spec: Any) -> tuple[list[Any], bool]:
    """Return the single series in `raw`, in any form that `tabular.read` reads, and
    whether it was one and not a list."""
    batched = isinstance(raw, (Tensor, np.ndarray)) and raw.ndim == 3
    if not batched and not (isinstance(raw, (list, tuple)) and _several(raw)):
        return [raw], True
    if not len(raw):
        raise InputError("The input is empty.", describe(input_spec))
    return list(raw), False


def open_series(item: Any, input_spec: Any) -> Series:
    """Return the last rows of a series; what comes before them is not looked at."""
    if not tabular.forms(item):
        problem = f"{a_type(item)} is not a series."
        raise InputError(problem, describe(input_spec))
    names = tuple(column.name for column in input_spec.columns)
    table = SimpleNamespace(columns=input_spec.columns)
    try:
        rows, _ = tabular.read(_upright(item, table), table, last=input_spec.length)
    except InputError as exc:
        raise InputError(exc.problem, describe(input_spec)) from exc.__cause__
    if len(rows) < input_spec.length:
        count = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
        problem = f"The series has {count}, {input_spec.length - len(rows)} too few."
        raise InputError(problem, describe(input_spec))
    return Series(rows, names)


def _several(raw: Sequence[Any]) -> bool:
    """Return whether a list holds whole series, and not the rows of one."""
    return any(_whole(one) for one in raw)


def _whole(one: Any) -> bool:
    if isinstance(one, Mapping):  # by columns, and not a row
        return any(_long(value) for value in one.values())
    if isinstance(one, (list, tuple)):
        return any(_long(value) or isinstance(value, Mapping) for value in one)
    return (
        isinstance(one, (str, bytes, os.PathLike, Table))
        or getattr(one, "ndim", 0) == 2
    )


def _long(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0


def _upright(item: Any, table: Any) -> Any:
    """Return the numbers of a series of one column as rows of one number each."""
    if len(table.columns) > 1 or isinstance(item, NOT_FLAT):
        return item
    if hasattr(item, "to_frame") and item.ndim == 1:
        return item.to_frame(table.columns[0].name)  # with its index, which may date it
    flat = item.ndim == 1 if hasattr(item, "ndim") else not _several([item])
    return [[value] for value in item] if flat else item
