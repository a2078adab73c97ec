"""Find the inputs and targets of a user's table by the names of its columns."""

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
    source: str, rows: Dataset, expected: Wanted, beside: Path | None = None
) -> Rows:
    """Return the inputs and targets of a table."""
    columns, input_spec = rows.column_names, expected.input_spec
    target = _column(source, columns, expected.columns, "target")
    each = input_spec.required_columns
    if (length := input_spec.window) is not None:
        _need(source, columns, each)
        return time_windows.windows(
            source, rows, input_spec, length, target, expected.horizon
        )
    names = [f"row {number}" for number in range(1, len(rows) + 1)]
    if expected.kind.pictures:
        input_column = _column(
            source, columns, input_spec.column_names, input_spec.noun
        )
        items = _pictures(rows, input_column, beside)
        return Rows(items, _pictures(rows, target, beside), names)
    targets = rows[target]
    feature = rows.features[target]
    if hasattr(feature, "int2str"):
        targets = [
            None if v is None or v < 0 else feature.int2str(int(v)) for v in targets
        ]
    if each:
        _need(source, columns, each)
        return Rows(Column(rows.select_columns(list(each)), None), list(targets), names)
    input_column = _column(source, columns, input_spec.column_names, input_spec.noun)
    if input_spec.takes_strings:
        return Rows(Column(rows, input_column), list(targets), names)
    pictures = _pictures(rows, input_column, beside)
    if not isinstance(pictures, Column):
        names = [str(value) for value in rows[input_column]]
    return Rows(pictures, list(targets), names)


def _need(source: str, columns: Sequence[str], required: Sequence[str]) -> None:
    """Raise DataError where a column of the model's input is missing."""
    for name in required:
        _column(source, columns, [name], "model's")


def _pictures(rows: Dataset, name: str, beside: Path | None) -> Sequence[Any]:
    """Return a column of pictures, decoded on access, or of paths to pictures."""
    if getattr(rows.features[name], "dtype", "") in ("string", "large_string"):
        return [(beside or Path()) / str(value) for value in rows[name]]
    return Column(rows, name)


def _column(
    source: str, columns: Sequence[str], candidates: Sequence[str], role: str
) -> str:
    for name in candidates:
        if name in columns:
            return name
    listing = " or ".join(map(repr, candidates[:4]))
    hint = near(candidates[0], columns) if len(candidates) == 1 else ""
    raise DataError(
        f"{source} has no {role} column {listing}. {hint}It has {', '.join(columns)}"
        f"{'; name it with target=...' if role == 'target' else ''}."
    )
