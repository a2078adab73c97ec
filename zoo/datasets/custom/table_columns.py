"""The rows of a user's table: inputs and targets, by the names of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.datasets.custom import time_windows
from zoo.datasets.custom.examples import Column
from zoo.datasets.custom.wanted import Wanted
from zoo.errors import DataError, near
from zoo.tasks.targets.base import Rows

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["table"]


def table(
    source: str, rows: Dataset, wanted: Wanted, beside: Path | None = None
) -> Rows:
    """Return the inputs and targets of a table, by the names of its columns."""
    columns, input_spec = rows.column_names, wanted.input_spec
    answer = _column(source, columns, wanted.columns, "target")
    each = input_spec.required_columns
    if (length := input_spec.window) is not None:
        _need(source, columns, each)
        return time_windows.windows(
            source, rows, input_spec, length, answer, wanted.horizon
        )
    names = [f"row {number}" for number in range(1, len(rows) + 1)]
    if wanted.kind.pictures:
        given = _column(source, columns, input_spec.column_names, input_spec.noun)
        items = _pictures(rows, given, beside)
        return Rows(items, _pictures(rows, answer, beside), names)
    held = rows[answer]
    feature = rows.features[answer]
    if hasattr(feature, "int2str"):
        held = [None if v is None or v < 0 else feature.int2str(int(v)) for v in held]
    if each:
        _need(source, columns, each)
        return Rows(Column(rows.select_columns(list(each)), None), list(held), names)
    given = _column(source, columns, input_spec.column_names, input_spec.noun)
    if input_spec.takes_strings:
        return Rows(Column(rows, given), list(held), names)
    pictures = _pictures(rows, given, beside)
    if not isinstance(pictures, Column):
        names = [str(value) for value in rows[given]]
    return Rows(pictures, list(held), names)


def _need(source: str, columns: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a table without the columns that the model's input is made of."""
    for name in wanted:
        _column(source, columns, [name], "model's")


def _pictures(rows: Dataset, name: str, beside: Path | None) -> Sequence[Any]:
    """Return a column of pictures, decoded when asked for, or of paths to them."""
    if getattr(rows.features[name], "dtype", "") in ("string", "large_string"):
        return [(beside or Path()) / str(value) for value in rows[name]]
    return Column(rows, name)


def _column(
    source: str, columns: Sequence[str], wanted: Sequence[str], what: str
) -> str:
    for name in wanted:
        if name in columns:
            return name
    asked = " or ".join(map(repr, wanted[:4]))
    hint = near(wanted[0], columns) if len(wanted) == 1 else ""
    raise DataError(
        f"{source} has no {what} column {asked}. {hint}It has {', '.join(columns)}"
        f"{'; name it with target=...' if what == 'target' else ''}."
    )
