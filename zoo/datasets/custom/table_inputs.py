"""The inputs of a model in a table without targets: what `zoo.predict` is given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.datasets.custom import outside, tables
from zoo.datasets.custom.table_columns import pictures
from zoo.errors import DataError, InputError
from zoo.runtime.input_errors import is_missing
from zoo.runtime.table import Table, TableError, read_text
from zoo.runtime.time_order import dated_columns
from zoo.specs import Input
from zoo.tasks.targets.base import some

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["read_inputs"]


def read_inputs(
    raw: Any,
    input_spec: Input,
    *,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    allow_missing: bool = False,
) -> Any:
    """Return what a user gave to predict, with the tables in it read.

    A DataFrame, or the path of a CSV, TSV, JSON or parquet file, becomes a list of
    texts or pictures, those of the column `column`; for a model of rows or series it
    becomes a `zoo.runtime.table.Table`. To a model of texts a str is a text, and only a
    `pathlib.Path` the path of a file. `encoding` is that of CSV, JSON and text files.
    A file names pictures beside it, and with `allow_outside` any. A Series of texts or
    pictures becomes a list. What holds no table comes back as it is. With
    `allow_missing`, rows without a value are None.

        >>> read_inputs(Path("reviews.csv"), spec.input, column="review")
        ['A fine film.', 'Too long.']

    Raises InputError.
    """
    try:
        if input_spec.window is not None and isinstance(raw, list | tuple):
            return [_rows(one, input_spec, encoding) for one in raw]
        if input_spec.required_columns:
            return _rows(raw, input_spec, encoding)
        if _is_table(raw, input_spec):
            name, rows = _column(raw, input_spec, column, encoding)
            if input_spec.takes_strings:
                outside.check_plain(rows, [name], _source(raw))
                tables.check_texts(_source(raw), rows, name)
            if not allow_missing and (input_spec.takes_strings or _plain(rows)):
                _check_present(raw, rows, name)
            return _values(raw, input_spec, rows, name, allow_outside)
        if hasattr(raw, "iloc") and raw.ndim == 1:
            raw = raw.tolist()
        if column is not None:
            raise DataError(
                f"column={column!r} names a column, and the input is no table."
            )
        if isinstance(raw, list | tuple):
            _check_list(raw, input_spec)
        return _text(raw, input_spec, encoding)
    except (DataError, TableError) as exc:
        raise InputError(str(exc), input_spec.description) from exc.__cause__


def _is_table(raw: Any, input_spec: Input) -> bool:
    if input_spec.takes_strings and isinstance(raw, str):
        return False
    return tables.is_table(raw)


def _rows(raw: Any, input_spec: Input, encoding: str | None) -> Any:
    """Return a table of rows; whatever else can hold rows is read later."""
    if tables.is_frame(raw) and not any(isinstance(one, str) for one in raw.columns):
        return raw  # numbers in the order of the model's columns
    if not tables.is_table(raw) and not isinstance(raw, (str, bytes, os.PathLike)):
        return raw
    if not tables.is_table(raw) and encoding is None:
        return raw
    rows = tables.read_table(raw, encoding=encoding)
    if isinstance(rows, Table):
        return rows
    names = rows.column_names
    read = [name for name in names if name in input_spec.required_columns] or names
    if input_spec.window is not None:  # dates say in which order its rows are
        read = list(dict.fromkeys([*read, *dated_columns(names)]))
    outside.check_plain(rows, read, str(raw))
    values = rows.select_columns(read)[:]
    listed = [*zip(*values.values(), strict=True)]
    return Table(str(raw), list(values), listed, tables.places(rows))


def _column(
    raw: Any, input_spec: Input, column: str | None, encoding: str | None
) -> tuple[str, Table | Dataset]:
    """Return the name of the column that holds the inputs, and the rows of a table."""
    rows = tables.read_table(raw, encoding=encoding)
    return tables.input_column(_source(raw), rows, input_spec, column), rows


def _plain(rows: Table | Dataset) -> bool:
    """Return whether nothing is opened to look at the values of a table."""
    return isinstance(rows, Table)


def _source(raw: Any) -> str:
    return "The table" if tables.is_frame(raw) else str(raw)


def _check_present(raw: Any, rows: Table | Dataset, name: str) -> None:
    """Refuse rows without an input. Raises DataError, which names them."""
    places = zip(tables.places(rows), rows[name], strict=True)
    missing = [place for place, value in places if is_missing(value)]
    if missing:
        what = "1 row has" if len(missing) == 1 else f"{len(missing):,} rows have"
        raise DataError(f"{_source(raw)}: {what} no {name!r}: {some(missing)}.")


def _values(
    raw: Any, input_spec: Input, rows: Table | Dataset, name: str, allow_outside: bool
) -> list[Any]:
    if input_spec.takes_strings:
        return list(rows[name])
    beside = None if tables.is_frame(raw) else Path(raw).parent
    return list(pictures(_source(raw), rows, name, beside, allow_outside))


def _check_list(raw: Sequence[Any], input_spec: Input) -> None:
    """Refuse a table among single inputs: it would be answered once for all rows."""
    for number, one in enumerate(raw, 1):
        if _is_table(one, input_spec):
            what = "a table" if tables.is_frame(one) else f"{one}, a table"
            raise DataError(
                f"Item {number} is {what}. Give a table alone, and not in a list."
            )


def _text(raw: Any, input_spec: Input, encoding: str | None) -> Any:
    """Return the content of a text file that is in another encoding than UTF-8."""
    if encoding is None:
        return raw
    if not input_spec.takes_strings:
        raise DataError(
            f"encoding={encoding!r} is that of texts, and the input is none."
        )
    return read_text(raw, str(raw), encoding) if isinstance(raw, Path) else raw
