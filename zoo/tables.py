"""From whatever a person calls a table row to the numbers a model takes."""

import csv
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo.errors import InputError, near
from zoo.specs import Column, TabularInput

__all__ = ["describe", "rows", "stack", "suspicion"]

FAR = 1.0  # how many training ranges beyond the range is called far outside


def describe(expected: TabularInput) -> str:
    """Return what the model takes, in words for an error message."""
    names = ", ".join(column.name for column in expected.columns)
    return (
        f"{len(expected.columns)} numbers a row ({names}): a dict, a list, an array, a "
        "DataFrame or one row of it, or the path of a CSV file with a header"
    )


def rows(raw: Any, expected: TabularInput) -> tuple[list[list[float]], bool]:
    """Return the rows in `raw` in column order, and whether it was a single one."""
    found, single = _rows(raw, expected)
    if not found:
        raise InputError("The input is empty.", describe(expected))
    many = len(found) > 1
    read = [
        _numbers(row, expected, f"Row {number}: " if many else "")
        for number, row in enumerate(found, start=1)
    ]
    return read, single


def stack(found: list[list[float]]) -> Tensor:
    """Return rows as one batch (B, columns), float32."""
    return torch.tensor(found, dtype=torch.float32)


def suspicion(batch: Tensor, expected: TabularInput) -> str | None:
    """Return which column lies far outside what training saw, if one does."""
    for place, column in enumerate(expected.columns):
        values = batch[:, place]
        slack = FAR * (column.high - column.low)
        least, most = values.min().item(), values.max().item()
        if least < column.low - slack or most > column.high + slack:
            worst = least if least < column.low - slack else most
            unit = f" {column.unit}" if column.unit else ""
            return (
                f"{column.name} = {worst:.4g} lies far outside the training data "
                f"({column.low:.4g} to {column.high:.4g}{unit}): check its unit."
            )
    return None


def _rows(raw: Any, expected: TabularInput) -> tuple[Sequence[Any], bool]:
    if isinstance(raw, (str, os.PathLike)):
        return _from_csv(Path(raw), expected), False
    if isinstance(raw, Mapping):
        return [raw], True
    if hasattr(raw, "to_dict"):  # pandas, without importing it
        if getattr(raw, "ndim", 0) == 2:
            return raw.to_dict(orient="records"), False
        return [raw.to_dict()], True
    if isinstance(raw, (Tensor, np.ndarray)):
        return (raw.tolist(), False) if raw.ndim == 2 else ([raw.tolist()], True)
    if isinstance(raw, (list, tuple)):
        if all(isinstance(item, (Mapping, list, tuple)) for item in raw):
            return raw, False
        return [raw], True
    raise InputError(f"A {type(raw).__name__} is not a row.", describe(expected))


def _from_csv(path: Path, expected: TabularInput) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        problem = f"There is no file {path}."
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        problem = f"{path} can't be read as CSV ({exc})."
    raise InputError(problem, describe(expected))


def _numbers(row: Any, expected: TabularInput, where: str) -> list[float]:
    columns = expected.columns
    if isinstance(row, Mapping):
        missing = [column.name for column in columns if column.name not in row]
        if missing:
            hint = near(missing[0], map(str, row)).replace("Did you mean", "Is it")
            problem = f"{where}column {missing[0]!r} is missing. {hint}".strip()
            raise InputError(problem, describe(expected))
        row = [row[column.name] for column in columns]
    if not isinstance(row, (list, tuple)):
        problem = f"{where}{row!r} is not a row."
        raise InputError(problem, describe(expected))
    if len(row) != len(columns):
        problem = f"{where}{len(row)} values for {len(columns)} columns."
        raise InputError(problem, describe(expected))
    return [
        _number(value, column, expected, where)
        for value, column in zip(row, columns, strict=True)
    ]


def _number(value: Any, column: Column, expected: TabularInput, where: str) -> float:
    number = math.nan
    if isinstance(value, (Real, str)):
        with suppress(ValueError):
            number = float(value)
    if not math.isfinite(number):
        problem = f"{where}column {column.name!r} holds {value!r}, not a number."
        raise InputError(problem, describe(expected))
    return number
