"""Find the inputs and targets of a user's table by the names of its columns."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.datasets.custom import outside, time_windows
from zoo.datasets.custom.examples import Column
from zoo.datasets.custom.tables import (
    check_texts,
    column_notes,
    find_column,
    find_each,
    input_column,
    places,
    total_notes,
)
from zoo.datasets.custom.wanted import Wanted
from zoo.runtime.table import Table
from zoo.runtime.tabular import to_float
from zoo.tasks.targets.base import Rows

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["pictures", "table"]


def table(
    source: str, given: Table | Dataset, expected: Wanted, beside: Path | None = None
) -> Rows:
    """Return the inputs and targets of a table.

    Of a dataset with a transform (`Dataset.with_transform`), the inputs are what the
    transform gives, and the targets those that are stored.
    """
    rows, changed = _without_format(expected.kind.flat_rows(given))
    columns, input_spec = rows.column_names, expected.input_spec
    of_inputs, own = expected.kind.of_inputs, expected.kind.own_columns
    target = (
        ""
        if of_inputs or own
        else find_column(source, columns, expected.columns, "target")
    )
    each = input_spec.required_columns
    find_each(source, list(changed[0]) if changed else columns, each)
    outside.check_plain(rows, [*(() if changed else each)], source)
    if target and not expected.kind.pictures:
        outside.check_plain(rows, [target], source)
    if input_spec.window is not None:
        inputs = changed or _numbers(rows, each)
        return time_windows.windows(
            source, rows, inputs, input_spec, target, expected.horizon
        )
    names = places(rows)
    items: Sequence[Any]
    if each:
        inputs = changed or _numbers(rows, each)
        notes = [] if changed else column_notes(source, inputs, input_spec)
        if not changed:
            notes += total_notes(source, rows, [*each, *_numeric(rows, target)])
        items = Column(inputs, None, source=source)
        return Rows(items, _targets(rows, target), names, notes)
    if changed:
        wanted = expected.options.column
        usual = [wanted] if wanted else list(input_spec.usual_columns)
        column = find_column(source, list(changed[0]), usual, input_spec.noun)
        items = Column(changed, column)
    else:
        named = None if of_inputs or own else target
        column = input_column(source, rows, input_spec, expected.options.column, named)
        if input_spec.takes_strings:
            outside.check_plain(rows, [column], source)
            check_texts(source, rows, column)
            targets = [None] * len(names) if of_inputs else _targets(rows, target)
            said = expected.kind.column_notes(
                column, target, input_spec, expected.output_spec
            )
            notes = [f"{source}: {note}" for note in said]
            return Rows(Column(rows, column), targets, names, notes)
        outside_too = expected.options.allow_outside
        items = pictures(source, rows, column, beside, outside_too)
        if not isinstance(items, Column) and _holds_paths(rows, column):
            names = [str(value) for value in rows[column]]
    if of_inputs:
        return Rows(items, [None] * len(items), names)
    if own:
        read = expected.kind.read_columns
        plain = outside.undecoded(rows, column)
        found = read(source, plain, column, expected.options.target, places(rows))
        picked = [row for row, _ in found]
        return Rows(
            items.pick(picked)
            if isinstance(items, Column)
            else [items[row] for row in picked],
            [one for _, one in found],
            [names[row] for row in picked],
        )
    if expected.kind.pictures:
        outside_too = expected.options.allow_outside
        masks = pictures(source, rows, target, beside, outside_too)
        return Rows(items, masks, places(rows))
    return Rows(items, _targets(rows, target), names)


def _without_format(given: Table | Dataset) -> tuple[Table | Dataset, Dataset | None]:
    """Return rows as they are stored, and where a transform changes them, as it gives
    them too."""
    if isinstance(given, Table) or given.format["type"] is None:
        return given, None
    custom = given.format["type"] == "custom" and len(given)
    return given.with_format(None), given if custom else None


def pictures(
    source: str,
    rows: Table | Dataset,
    name: str,
    beside: Path | None,
    allow_outside: bool,
) -> Sequence[Any]:
    """Return a column of pictures, decoded on access, or of paths to pictures.

    Raises DataError for a path that leads out of `beside`, the folder of the table.
    """
    if _holds_paths(rows, name):
        named = zip(places(rows), rows[name], strict=True)
        return [
            value
            if value is None
            else outside.checked_place(
                str(value), f"{source}, {place}", beside, allow_outside=allow_outside
            )
            for place, value in named
        ]
    if isinstance(rows, Table):
        return list(rows[name])
    if getattr(rows.features[name], "dtype", "") == "PIL.Image.Image":
        stored = outside.stored_pictures(
            rows, name, source, beside, allow_outside=allow_outside
        )
        if stored is not None:
            return stored
    return Column(rows, name)


def _numbers(rows: Table | Dataset, names: Sequence[str]) -> Table | Dataset:
    """Return columns with the numbers that are written in a table as such; what is no
    number stays, and the model's reader says so."""
    kept = rows.select_columns(list(names))
    if isinstance(kept, Table):
        kept.rows = [[_number(value) for value in row] for row in kept.rows]
    return kept


def _number(value: Any) -> Any:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        number = to_float(value)
        return number if math.isfinite(number) else value
    return value


def _numeric(rows: Table | Dataset, target: str) -> list[str]:
    """Return the column of targets where its first is a number."""
    first = rows[target][0] if target and len(rows) else None
    return [target] if isinstance(_number(first), float) else []


def _targets(rows: Table | Dataset, name: str) -> list[Any]:
    """Return a column of targets, of numbered classes their names."""
    targets = list(rows[name])
    feature = None if isinstance(rows, Table) else rows.features[name]
    named = getattr(feature, "int2str", None)
    if named is None:
        return targets
    return [
        None if value is None or value < 0 else named(int(value)) for value in targets
    ]


def _holds_paths(rows: Table | Dataset, name: str) -> bool:
    if isinstance(rows, Table):
        kinds = (str, os.PathLike)
        return any(isinstance(value, kinds) for value in rows[name])
    return getattr(rows.features[name], "dtype", "") in ("string", "large_string")
