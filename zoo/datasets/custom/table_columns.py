"""The rows of a user's table: inputs and targets, by the names of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.datasets.custom import time_windows as rolling
from zoo.datasets.custom.examples import Column
from zoo.datasets.custom.targets import RawRows, TargetSpec
from zoo.errors import DataError, near
from zoo.specs import SeriesInput, TabularInput, TextInput

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["table"]

INPUTS = ("image", "img", "picture", "photo", "path", "file", "file_name", "filename")
TEXTS = ("text", "sentence", "document", "content", "review")


def table(
    source: str, rows: Dataset, wanted: TargetSpec, beside: Path | None = None
) -> RawRows:
    """Return the inputs and targets of a table, by the names of its columns."""
    columns, input_spec = rows.column_names, wanted.input_spec
    answer = _column(source, columns, wanted.target_columns, "target")
    if isinstance(input_spec, SeriesInput):
        for column in input_spec.columns:
            _column(source, columns, [column.name], "model's")
        return rolling.windows(source, rows, input_spec, answer, wanted.horizon)
    names = [f"row {number}" for number in range(1, len(rows) + 1)]
    if wanted.masks:
        return RawRows(
            _pictures(rows, _column(source, columns, INPUTS, "picture"), beside),
            _pictures(rows, answer, beside),
            names,
        )
    held = rows[answer]
    feature = rows.features[answer]
    if hasattr(feature, "int2str"):
        held = [None if v is None or v < 0 else feature.int2str(int(v)) for v in held]
    if isinstance(input_spec, TextInput):
        given = _column(source, columns, TEXTS, "text")
        return RawRows(Column(rows, given), list(held), names)
    if isinstance(input_spec, TabularInput):
        each = [column.name for column in input_spec.columns]
        for name in each:
            _column(source, columns, [name], "model's")
        return RawRows(Column(rows.select_columns(each), None), list(held), names)
    given = _column(source, columns, INPUTS, "picture")
    pictures = _pictures(rows, given, beside)
    if not isinstance(pictures, Column):
        names = [str(value) for value in rows[given]]
    return RawRows(pictures, list(held), names)


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
