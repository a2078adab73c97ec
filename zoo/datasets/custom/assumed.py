"""Which kind of data a user has, where no model says what it reads: found by the
formats that the readers know, or asked for. Does not know torch."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from zoo.datasets import registered
from zoo.datasets.custom import tables
from zoo.datasets.custom.wanted import ReadOptions
from zoo.errors import DataError
from zoo.plugins.discovery import installed
from zoo.runtime.table import Table
from zoo.runtime.tabular import to_float
from zoo.specs import (
    Column,
    ImageInput,
    Input,
    NumberOutput,
    Output,
    TabularInput,
    TextInput,
)
from zoo.specs.inputs import UNLIMITED
from zoo.tasks.targets.base import Targets, children
from zoo.tasks.targets.files import input_files
from zoo.tasks.targets.split_names import split_of

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Assumed", "assume"]

PICTURES = ImageInput(height=1, width=1, fit="keep")
TEXTS = TextInput(max_length=UNLIMITED, vocab_size=1)
PAIRED = {"masks", "labels", "annotations", "jpegimages"}  # folders beside pictures
MOST_NUMBERED = 20  # whole numbers that are classes; more are a quantity
ASK = "name the model that it is for, with model=... (--for NAME)."


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """The input, the output (None of classes) and the task that data seems to be for,
    and a sentence that says so."""

    input_spec: Input
    output_spec: Output | None
    task: str
    said: str


def assume(data: Any, options: ReadOptions) -> Assumed:
    """Return what data is taken for, by its format. Raises DataError where it may be
    several things, and where only a model knows how it is read.

        >>> assume("photos", ReadOptions()).said
        'pictures, in folders named as their classes'
    """
    if isinstance(data, str | os.PathLike) and Path(data).is_dir():
        return _folder(Path(data))
    rows = _rows(data, options)
    target = _target(rows, options)
    column = options.column
    if column is None:
        column = _column(rows, target)
    if column is None:
        return _table(rows, target)
    pictured = _pictured(rows, column)
    what, task = ("pictures", "image") if pictured else ("texts", "text")
    return Assumed(
        input_spec=PICTURES if pictured else TEXTS,
        output_spec=None,
        task=f"{task}-classification",
        said=f"{what} in the column {column!r}, with classes in {target!r}",
    )


def _folder(folder: Path) -> Assumed:
    names = {place.name.casefold() for place in children(folder)}
    for place in children(folder):
        if split_of(place.name):
            names |= {one.name.casefold() for one in children(place)}
    pictures, texts = (input_files(folder, one).taken for one in (PICTURES, TEXTS))
    if pictures and (texts or names & PAIRED):
        _ask(f"{folder} holds pictures with masks, boxes or texts")
    if not pictures and not texts:
        _ask(f"{folder} holds neither pictures nor texts")
    what, task = ("pictures", "image") if pictures else ("texts", "text")
    return Assumed(
        input_spec=PICTURES if pictures else TEXTS,
        output_spec=None,
        task=f"{task}-classification",
        said=f"{what}, in folders named as their classes",
    )


def _rows(data: Any, options: ReadOptions) -> Table | Dataset:
    """Return the rows that tell what is in a table or a dataset."""
    if isinstance(data, Mapping) and data:
        training = [one for name, one in data.items() if split_of(str(name))]
        data = training[0] if training else next(iter(data.values()))
    if isinstance(data, str) and data in installed().datasets:
        splits = [one for one in installed().datasets[data].splits if split_of(one)]
        if not splits:
            _ask(f"{data!r} has no training rows")
        return registered.load_dataset(data, splits[0])
    if tables.is_table(data):
        return tables.read_table(data, encoding=options.encoding)
    if hasattr(data, "column_names") and hasattr(data, "num_rows"):
        rows: Dataset = data
        return rows.with_format(None)
    shown = repr(str(data)) if isinstance(data, str | os.PathLike) else "The data"
    _ask(f"{shown} is no folder, no table and no registered dataset")


def _target(rows: Table | Dataset, options: ReadOptions) -> str:
    wanted = [options.target] if options.target else list(Targets.column_names)
    return tables.find_column("The table", rows.column_names, wanted, "target")


def _column(rows: Table | Dataset, target: str) -> str | None:
    """Return the column of pictures or texts, None where the rows are numbers.

    It has a usual name, or is the only one beside the target.
    """
    others = [name for name in rows.column_names if name != target]
    usual = (*PICTURES.column_names, *TEXTS.column_names)
    named = [name for name in others if name.lower() in usual]
    if len(named) > 1:
        listed = ", ".join(map(repr, named))
        raise DataError(
            f"The table has several columns of inputs ({listed}): name one with "
            "column=... (--column), or the model that it is for with model=... (--for)."
        )
    candidates = named or (others if len(others) == 1 else [])
    found = [
        name for name in candidates if _pictured(rows, name) or _worded(rows, name)
    ]
    return found[0] if found else None


def _pictured(rows: Table | Dataset, name: str) -> bool:
    """Return whether a column holds pictures, or paths of pictures alone."""
    if not isinstance(rows, Table):
        kind = rows.features[name]
        if getattr(kind, "dtype", "") == "PIL.Image.Image":
            return True
    values = [value for value in _sample(rows, name) if value is not None]
    return bool(values) and all(
        hasattr(value, "getbands")  # a picture of Pillow
        or str(value).lower().endswith(PICTURES.suffixes)
        for value in values
    )


def _worded(rows: Table | Dataset, name: str) -> bool:
    values = [value for value in _sample(rows, name) if value not in (None, "")]
    return any(isinstance(one, str) and math.isnan(to_float(one)) for one in values)


def _sample(rows: Table | Dataset, name: str) -> Sequence[Any]:
    return list(rows[:100][name])


def _table(rows: Table | Dataset, target: str) -> Assumed:
    plain = [name for name in tables.plain_columns(rows) if name != target]
    if not plain:
        _ask("The table has no columns of numbers beside the target")
    columns = tuple(Column(name=one, low=-math.inf, high=math.inf) for one in plain)
    numbers = _is_quantity(list(rows[target]))
    kind = "a number" if numbers else "classes"
    return Assumed(
        input_spec=TabularInput(columns=columns),
        output_spec=NumberOutput(name=target) if numbers else None,
        task=f"tabular-{'regression' if numbers else 'classification'}",
        said=f"rows of a table, with {kind} in {target!r}",
    )


def _is_quantity(values: Sequence[Any]) -> bool:
    """Return whether targets are amounts, and not classes: numbers alone, with
    fractions or of many values."""
    numbers = [to_float(value) for value in values]
    if not numbers or not all(map(math.isfinite, numbers)):
        return False
    return len({*numbers}) > MOST_NUMBERED or any(one % 1 for one in numbers)


def _ask(what: str) -> NoReturn:
    raise DataError(f"{what}, and what they are for can't be told: {ASK}")
