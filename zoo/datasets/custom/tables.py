"""Read a table, whatever holds it: a CSV, JSON or parquet file, or a frame of pandas.

The one reader of tables: prediction, evaluation and fine-tuning see the same rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from zoo._utils.shown import cut
from zoo.datasets import registered
from zoo.errors import DataError, near
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.input_errors import WORKBOOK
from zoo.runtime.odd_rows import total_note
from zoo.runtime.table import (
    WORKBOOKS,
    Table,
    TableError,
    read_csv,
    read_text,
    unique_names,
)
from zoo.specs import Input
from zoo.tasks.targets.base import Targets, some
from zoo.tasks.targets.sentinels import sentinel_notes

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "SUFFIXES",
    "check_texts",
    "column_notes",
    "find_column",
    "find_each",
    "input_column",
    "is_frame",
    "is_table",
    "is_table_path",
    "places",
    "plain_columns",
    "read_table",
    "total_notes",
]

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
LINES = (".jsonl", ".ndjson")  # of JSON: an object a line
OBJECT = '{"text": "fine", "label": "good"}'  # a row, for messages
MAX_CELLS = 10_000_000  # of a table of which most is missing
SPARSE = 50  # cells for each value that is given: most is missing
MAX_ROWS = 50_000_000  # of a parquet file
FEW_ROWS = 1_000_000  # which may be as equal as they like
MAX_ROWS_A_BYTE = 10  # of more rows: a file of examples has bytes for each
MOST_MISSING = 5  # columns that a message names
NAMELESS = "The first line holds numbers, and no names of columns: add them."
MISSING = ("NAType", "NaTType")  # how pandas says that there is no value


def is_table(raw: Any) -> bool:
    """Return whether `raw` is a frame, or the path of a file that holds a table."""
    return is_frame(raw) or is_table_path(raw)


def is_frame(raw: Any) -> bool:
    """Return whether `raw` is a DataFrame, without importing pandas."""
    return hasattr(raw, "iloc") and hasattr(raw, "columns")


def is_table_path(raw: Any) -> bool:
    """Return whether `raw` is the path of a file whose ending is that of a table."""
    if not isinstance(raw, (str, os.PathLike)):
        return False
    path = os.fspath(raw)
    return path.lower().endswith(SUFFIXES) and os.path.isfile(path)


def read_table(raw: Any, *, encoding: str | None = None) -> Table | Dataset:
    """Return the rows of a file, of the bytes of a CSV file, or of a DataFrame.

    The values of a CSV file are the strings that stand in it: "01" is not 1, and "NA"
    is not missing. Those of JSON are what JSON says, of a parquet file and a frame
    what these hold. A JSONL file has an object a line, a JSON file a list of objects;
    what one of them lacks is None there. `encoding` is that of the text of a CSV or
    JSON file, by default UTF-8. No column is left out for what it holds, and none is
    converted.

        >>> read_table("rows.csv")["label"]
        ['01', '02']

    Raises DataError: a file that can't be read, another encoding, two columns of one
    name, a line with more or fewer values than the first.
    """
    try:
        if is_frame(raw):
            return _from_frame(raw)
        if isinstance(raw, bytes):
            return read_csv(raw, encoding=encoding)
        path = Path(raw)
        kind = path.suffix.lower()
        if kind in (".csv", ".tsv"):
            tab = "\t" if kind == ".tsv" else None
            return read_csv(path, encoding=encoding, delimiter=tab)
        if kind in LINES:
            return _from_json(path, _json_lines(path, encoding))
        if kind == ".json":
            return _from_json(path, _json_list(path, encoding))
        if kind == ".parquet":
            return _from_parquet(path)
    except TableError as exc:
        hint = ""
        if exc.encoding:
            hint = f" Or give encoding={exc.encoding!r} (--encoding {exc.encoding})."
        raise DataError(exc.problem + hint) from exc.__cause__
    with suppress(OSError), open(path, "rb") as file:
        if file.read(len(WORKBOOKS[0])) in WORKBOOKS:
            raise DataError(WORKBOOK.format(path))
    raise DataError(
        f"{path} is no table the zoo can read: give {', '.join(SUFFIXES)}, or a "
        "folder of class-named folders."
    )


def places(rows: Table | Dataset) -> list[str]:
    """Return where each row of a table stands, for messages: "line 3", "row 2"."""
    if isinstance(rows, Table):
        return list(rows.places)
    return [f"row {number}" for number in range(1, len(rows) + 1)]


def find_column(
    source: str, columns: Sequence[str], candidates: Sequence[str], role: str
) -> str:
    """Return the first of the candidates that a table has. Raises DataError."""
    composed = {normalize("NFC", str(name)): name for name in columns}
    for name in candidates:
        if normalize("NFC", name) in composed:
            return composed[normalize("NFC", name)]
    listing = " or ".join(map(repr, candidates[:4]))
    hint = near(candidates[0], columns) if len(candidates) == 1 else ""
    option = "target" if role == "target" else "column"
    advice = f"{hint}It has {some(columns)}; name it with {option}=... (--{option})."
    if _numbers_alone(columns):
        advice = NAMELESS
    raise DataError(f"{source} has no {role} column {listing}. {advice}")


def find_each(source: str, columns: Sequence[str], names: Sequence[str]) -> None:
    """Check that a table has every column that a model takes. Raises DataError."""
    missing = [name for name in names if name not in columns]
    if not missing:
        return
    what = "column" if len(missing) == 1 else "columns"
    listing = ", ".join(map(repr, missing[:MOST_MISSING]))
    more = len(missing) - MOST_MISSING
    listing += f" and {more} more" if more > 0 else ""
    hint = near(missing[0], columns) if len(missing) == 1 else ""
    advice = NAMELESS if _numbers_alone(columns) else f"{hint}It has {some(columns)}."
    raise DataError(
        f"{source} has no {what} {listing}, which the model takes. {advice}"
    )


def check_texts(source: str, rows: Table | Dataset, name: str) -> None:
    """Refuse a column of texts that holds objects or lists. Raises DataError."""
    for place, value in zip(places(rows), rows[name], strict=True):
        if isinstance(value, Mapping | list):
            fields = ", ".join(map(repr, value)) if isinstance(value, Mapping) else ""
            what = f"an object (with {cut(fields)})" if fields else "a list"
            raise DataError(
                f"{source}, {place}: the column {name!r} holds {what}, and no text. "
                "Make a column of its own of the texts."
            )


def _numbers_alone(names: Sequence[str]) -> bool:
    """Return whether all names of columns are numbers, as where there are none."""
    return bool(names) and all(name and _is_number(name) for name in names)


def input_column(
    source: str,
    rows: Table | Dataset,
    input_spec: Input,
    column: str | None = None,
    target: str | None = None,
) -> str:
    """Return the column that holds the inputs: texts, pictures, or paths of pictures.

    `column` names it. Otherwise it is the one with a usual name, or else the only one
    that is not the `target`, and neither numbers nor named as targets are. Raises
    DataError.
    """
    if column is not None:
        return find_column(source, rows.column_names, [column], input_spec.noun)
    usual = [name for name in input_spec.usual_columns if name != target]
    if not {*usual} & {*rows.column_names}:
        left = [
            name
            for name in rows.column_names
            if name != target
            and (target is not None or name not in Targets.column_names)
            and not _numeric(rows, name)
        ]
        if len(left) == 1:
            return left[0]
    return find_column(source, rows.column_names, usual, input_spec.noun)


def _numeric(rows: Table | Dataset, name: str) -> bool:
    """Return whether a column holds numbers, or nothing at all."""
    if not isinstance(rows, Table):
        kind = getattr(rows.features[name], "dtype", "")
        return str(kind).startswith(("int", "uint", "float", "bool", "timestamp"))
    return all(_is_number(value) for value in rows[name])


def _is_number(value: Any) -> bool:
    if value is None or value == "":
        return True
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def plain_columns(rows: Table | Dataset) -> list[str]:
    """Return the columns whose values are in the table itself, and open no file."""
    if isinstance(rows, Table):
        return rows.column_names
    kinds = rows.features.items()
    return [name for name, kind in kinds if type(kind).__name__ == "Value"]


def total_notes(
    source: str, rows: Table | Dataset, numbers: Sequence[str]
) -> list[str]:
    """Return a note where the last row of a table is the total of the others."""
    if len(rows) < 2:
        return []
    last = rows.select_columns(plain_columns(rows))[len(rows) - 1]
    note = total_note(last, rows.__getitem__, numbers, places(rows)[-1])
    return [f"{source}: {note}"] if note else []


def _from_frame(frame: Any) -> Table:
    names = unique_names("The table", [str(name) for name in frame.columns])
    columns = [
        list(map(_present, frame.iloc[:, number].tolist()))
        for number in range(len(names))
    ]
    rows = [*zip(*columns, strict=True)] if columns else []
    index = frame.index
    dated = type(index).__name__ in ("DatetimeIndex", "PeriodIndex")
    times = list(index) if dated else None
    numbers = range(1, len(rows) + 1)
    return Table("", names, rows, [f"row {number}" for number in numbers], times)


def _present(value: Any) -> Any:
    return None if type(value).__name__ in MISSING else value


def _from_json(path: Path, found: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    """Return the table of objects, each with its place; what one lacks is None."""
    if not found:
        raise TableError(f"{path} is empty.")
    names = list(dict.fromkeys(name for _, row in found for name in row))
    composed = unique_names(str(path), names)
    cells, given = len(names) * len(found), sum(len(row) for _, row in found)
    if cells > MAX_CELLS and cells > SPARSE * given:
        raise TableError(
            f"{path} has {len(names):,} columns, and its {len(found):,} rows have "
            f"values for one in {cells // given:,} of them: as a table it would be "
            f"{cells:,} values. Leave out the columns that few rows have."
        )
    values = [tuple(row.get(name) for name in names) for _, row in found]
    return Table(str(path), composed, values, [place for place, _ in found])


def _json_lines(
    path: Path, encoding: str | None
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the objects of a JSONL file, each with the line that it is in."""
    lines = read_text(path, str(path), encoding).split("\n")
    return [
        (f"line {number}", _json_object(_json(line, where), where))
        for number, line in enumerate(lines, 1)
        if line.strip() and (where := f"{path}, line {number}")
    ]


def _json_list(path: Path, encoding: str | None) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the objects of a JSON file, each with its number."""
    text = read_text(path, str(path), encoding)
    held = _json(text, str(path)) if text.strip() else []
    if not isinstance(held, list):
        raise TableError(
            f"{path} holds no list of rows. Give a list with an object for each row, "
            f"such as [{OBJECT}], which pandas writes with orient='records'."
        )
    return [
        (f"row {number}", _json_object(one, f"{path}, row {number}"))
        for number, one in enumerate(held, 1)
    ]


def _json(text: str, where: str) -> Any:
    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        unique_names(where, [name for name, _ in pairs])
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as exc:
        if "Extra data: line 2 " in str(exc):
            raise TableError(
                f"{where} holds several objects, one a line, and no list of them: name "
                "it .jsonl."
            ) from exc
        raise TableError(f"{where} is not JSON ({exc}).") from exc


def _json_object(held: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(held, Mapping):
        raise TableError(
            f"{where} is no JSON object. Give one for each row, such as {OBJECT}."
        )
    return held


def _from_parquet(path: Path) -> Dataset:
    library = registered.import_datasets()
    from pyarrow import parquet

    try:
        about = parquet.read_metadata(path)
        _check_row_count(path, about.num_rows)
        names = about.schema.to_arrow_schema().names
        composed = unique_names(str(path), names)
        with registered.quiet_progress():
            rows = library.Dataset.from_parquet(str(path))
    except TableError:
        raise
    except Exception as exc:
        fault = str(exc.__cause__ or exc).partition("\n")[0].rstrip(".")
        raise DataError(f"{path} can't be read ({fault}).") from exc
    changed = {old: new for old, new in zip(names, composed, strict=True) if old != new}
    return rows.rename_columns(changed) if changed else rows


def _check_row_count(path: Path, rows: int) -> None:
    """Refuse a small file that says of many rows that they are all the same."""
    size = path.stat().st_size
    if rows > MAX_ROWS or rows > max(FEW_ROWS, MAX_ROWS_A_BYTE * size):
        raise TableError(
            f"{path} has {rows:,} rows in {size:,} bytes, which is no table of "
            f"examples: {MAX_ROWS:,} rows are read at most, and above {FEW_ROWS:,} no "
            f"more than {MAX_ROWS_A_BYTE} for a byte."
        )


def column_notes(
    source: str, rows: Table | Dataset, input_spec: Input, but: str = ""
) -> list[str]:
    """Return what is to be said of the numbers in the columns of a table: those that
    may stand for missing values (not in the column `but`), and those far outside of
    what the model was trained on."""
    notes = [
        note
        for name in rows.column_names
        if name != but
        for note in sentinel_notes(repr(name), rows[name])
    ]
    where = places(rows)
    notes += [
        odd.text(where[odd.rows[0]], len(odd.rows))
        for odd in preprocessor(input_spec).table_warnings(rows, input_spec)
    ]
    return [f"{source}: {note}" for note in notes]
