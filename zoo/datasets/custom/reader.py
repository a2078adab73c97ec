"""Read a user's own data from folders, tables or datasets, without opening inputs.

Does not know torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from zoo._utils.shown import counted
from zoo.datasets import registered
from zoo.datasets.custom import outside, tables
from zoo.datasets.custom.examples import Column, DatasetSplits, LabeledExamples
from zoo.datasets.custom.splits import check_classes, folder_splits
from zoo.datasets.custom.table_columns import table
from zoo.datasets.custom.wanted import ReadOptions, Wanted
from zoo.errors import DataError, DataWarning, MissingExtra, a_type, near
from zoo.plugins.discovery import installed
from zoo.runtime.table import TableError, read_text
from zoo.runtime.user_warnings import warn_user
from zoo.specs import Input, Output
from zoo.specs.model_spec import REPOSITORY
from zoo.tasks.targets.base import Rows, Targets
from zoo.tasks.targets.split_names import name_splits, split_of

__all__ = ["Part", "read_data", "read_part"]

COLUMNS = ("target", "column")  # options that name a column of a table


def read_data(
    data: Any,
    input_spec: Input,
    output_spec: Output | None = None,
    *,
    target: str | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    labels: Sequence[str] | None = None,
    known: Sequence[str] = (),
    kind: Targets[Any] | None = None,
) -> DatasetSplits:
    """Return the splits of `data`, for a model with this input and output.

    `data` is a folder of class-named folders (or of `train` and `test` with those), a
    CSV, JSON or parquet file, a DataFrame, a `datasets.Dataset` or `DatasetDict`, a
    registered name or a Hub id. `DatasetSplits` are returned unchanged.

    `target` names the column to predict, and `column` that of the texts or pictures.
    `encoding` is that of CSV and JSON files, and of files that are texts. Each of these
    three is refused where the data makes no use of it. A file of a table names pictures
    beside it, and with `allow_outside` any. `labels` fixes the classes and their order;
    `known` fixes only the order, if the data has the same classes. `output_spec` is by
    default one of classes. For masks, a folder has `images` and `masks`. For text
    recognition, it has pictures named by their text, and `labels` and `known` are
    characters. For a forecast, the rows of a table are in the order of time. `kind` is
    that of the targets, by default the one that the output names. Raises DataError.
    """
    if isinstance(data, DatasetSplits):
        return data
    options = ReadOptions(
        target=target, column=column, encoding=encoding, allow_outside=allow_outside
    )
    expected = Wanted(input_spec, output_spec, options, kind)
    found = _decoded(
        _found(data, expected, known if labels is None else labels), expected
    )
    parts = {name or "training": rows for name, rows in found.parts.items()}
    if "training" not in parts or not len(parts["training"].targets):
        raise DataError(_no_rows(found, "training"))
    if expected.kind.dataset_labels and labels is None:
        labels = _of_values(data)
    names = expected.kind.parse(found.source, parts, labels, known)
    splits = {name: _examples(r) for name, r in parts.items() if len(r.targets)}
    return DatasetSplits(
        source=found.source,
        labels=names,
        kind=expected.kind,
        notes=_say(found),
        **splits,  # type: ignore[arg-type]
    )


def read_part(
    data: Any,
    input_spec: Input,
    output_spec: Output | None,
    wanted: Sequence[str],
    *,
    target: str | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    labels: Sequence[str] | None = None,
    kind: Targets[Any] | None = None,
) -> Part:
    """Return one part of `data`: the first of the splits `wanted` that it has.

    Data that is not in splits, and data that has none of them but training rows, is
    taken whole. `labels` are the classes that the rows must be of. The rest is as for
    `read_data`. Raises DataError.
    """
    if isinstance(data, DatasetSplits):
        parts = data.parts()
        name = next((one for one in wanted if one in parts), "training")
        return Part(data.source_of(name), name, parts[name], data.notes)
    options = ReadOptions(
        target=target, column=column, encoding=encoding, allow_outside=allow_outside
    )
    expected = Wanted(input_spec, output_spec, options, kind)
    found = _decoded(_found(data, expected, () if labels is None else labels), expected)
    order = (*wanted, "", "training")
    split = next((one for one in order if one in found.parts), None)
    if split is None or not len(found.parts[split].targets):
        raise DataError(_no_rows(found, wanted[0]))
    if expected.kind.dataset_labels and labels is None:
        labels = _of_values(data)
    rows = found.parts[split]
    name = split or (wanted[0] if len(wanted) == 1 else "")
    known = () if labels is None else labels
    expected.kind.parse(found.source, {name: rows}, labels, known)
    return Part(found.source, name, _examples(rows), _say(found))


class Part(NamedTuple):
    """Rows of one split: where they come from, the name of the split, or "" where the
    data has none, the rows, and what is to be said of them."""

    source: str
    name: str
    rows: LabeledExamples
    notes: tuple[str, ...]


@dataclass
class _Found:
    """A user's data as it is understood: its name, its rows by split ("" where it is
    not in splits), and what was left out."""

    source: str
    parts: dict[str, Rows]
    notes: list[str] = field(default_factory=list)


def _no_rows(found: _Found, wanted: str) -> str:
    """Return what is said of data without the rows that are wanted."""
    if not [*filter(None, found.parts)]:  # a table, and not in splits
        return f"{found.source} has names of columns, and no rows."
    return f"{found.source} holds no {wanted} rows."


def _examples(rows: Rows) -> LabeledExamples:
    return LabeledExamples(
        items=rows.items, targets=tuple(rows.targets), names=rows.names
    )


def _say(found: _Found) -> tuple[str, ...]:
    """Warn of what was left out, and return it."""
    notes = [*found.notes, *(n for rows in found.parts.values() for n in rows.notes)]
    for note in notes:
        warn_user(note, DataWarning)
    return tuple(notes)


def _of_values(data: Any) -> tuple[str, ...] | None:
    """Return the labels of a registered dataset's masks, if its spec has them."""
    spec = installed().datasets.get(data) if isinstance(data, str) else None
    return spec.labels or None if spec and "label" not in spec.columns else None


def _found(data: Any, expected: Wanted, classes: Sequence[str]) -> _Found:
    """Return the data, not parsed yet; `classes` are names of classes."""
    texts = ("encoding",) if expected.input_spec.takes_strings else ()
    if isinstance(data, (str, os.PathLike)):
        path = Path(data)
        if path.is_dir():
            what = f"{path} is a folder of {expected.input_spec.plural}"
            _check_used(expected.options, texts, what)
            return _folder(path, expected, classes)
        if path.suffix.lower() in expected.kind.file_suffixes and path.is_file():
            _check_used(expected.options, texts, f"{path} is not a table")
            home = expected.kind.folder_of(path)
            outside.check_links(home, allow_outside=expected.options.allow_outside)
            found = expected.kind.read_splits(path, expected.input_spec)
            return _Found(path.name, found or {})
        if path.is_file():
            if path.suffix.lower() == ".parquet":
                _check_used(expected.options, COLUMNS, f"{path} is a parquet file")
            return _Found(path.name, {"": _table(path, expected)})
        _check_used(expected.options, COLUMNS, f"{data!r} names a dataset")
        return _registered(str(data), expected)
    _check_used(expected.options, COLUMNS, "the data is not in a file")
    if tables.is_frame(data):
        return _Found("the table", {"": _table(data, expected)})
    if _is_dataset(data):
        if not isinstance(data, Mapping):
            return _Found("the dataset", {"": table("the dataset", data, expected)})
        return _splits("the dataset", data, expected)
    if isinstance(data, Mapping) and data and all(map(_is_rows, data.values())):
        return _splits("the data", data, expected)
    raise DataError(
        f"{a_type(data)} is not data to learn from. Give a folder of "
        "class-named folders, a CSV, JSON or parquet file, a DataFrame, a "
        "datasets.Dataset, a registered name, or a Hub id."
    )


def _check_used(options: ReadOptions, used: Sequence[str], data: str) -> None:
    """Refuse an option that this kind of data makes no use of. Raises DataError."""
    for name in (*COLUMNS, "encoding"):
        value = getattr(options, name)
        if value is not None and name not in used:
            raise DataError(f"{name}={value!r} is of no use: {data}. Leave it out.")


def _decoded(found: _Found, expected: Wanted) -> _Found:
    """Read text files in the encoding that the user names; those in UTF-8 are read as
    they are needed. Raises DataError."""
    encoding = expected.options.encoding
    if encoding is not None and expected.input_spec.takes_strings:
        for rows in found.parts.values():
            if not isinstance(rows.items, Column):
                rows.items = [_text(item, encoding) for item in rows.items]
    return found


def _text(item: Any, encoding: str) -> Any:
    if not isinstance(item, Path):
        return item
    try:
        return read_text(item, str(item), encoding)
    except TableError as exc:
        raise DataError(str(exc)) from exc


def _is_dataset(data: Any) -> bool:
    return hasattr(data, "column_names") and hasattr(data, "num_rows")


def _is_rows(data: Any) -> bool:
    return tables.is_frame(data) or _is_dataset(data)


def _folder(folder: Path, expected: Wanted, classes: Sequence[str]) -> _Found:
    input_spec, kind = expected.input_spec, expected.kind
    if not input_spec.suffixes:
        raise DataError(
            f"{folder} is a folder, and this model takes {input_spec.plural}: give a "
            "CSV, JSON or parquet file."
        )
    outside.check_links(folder, allow_outside=expected.options.allow_outside)
    source = folder.name or folder.resolve().name or str(folder)
    written = kind.read_splits(folder, input_spec)
    if written is not None:
        return _Found(source, written)
    found = folder_splits(folder, input_spec, kind, classes)
    if not found.folders:
        return _Found(source, {"": _read_folder(folder, expected)})
    parts = {
        split: _read_folder(place, expected) for split, place in found.folders.items()
    }
    return _Found(source, parts, found.notes)


def _read_folder(folder: Path, expected: Wanted) -> Rows:
    if not (expected.kind.flat_folders or expected.kind.pictures):
        check_classes(folder)
    return expected.kind.read_folder(folder, expected.input_spec)


def _table(raw: Any, expected: Wanted) -> Rows:
    rows = tables.read_table(raw, encoding=expected.options.encoding)
    if tables.is_frame(raw):
        return table("The table", rows, expected)
    path = Path(raw)
    found = table(str(path), rows, expected, beside=path.parent)
    # Notes are written into cards, which tell nobody where a file was.
    found.notes = [note.replace(str(path), path.name) for note in found.notes]
    return found


def _registered(name: str, expected: Wanted) -> _Found:
    specs = installed().datasets
    if name in specs:
        splits = {
            split: registered.load_dataset(name, split)
            for split in specs[name].splits
            if split_of(split)
        }
        return _splits(name, splits, expected)
    if not REPOSITORY.fullmatch(name):
        hint = near(name, specs) or "Registered names: 'zoo.list_datasets()'."
        raise DataError(
            f"{name!r} is no folder, no file and no registered dataset. {hint.strip()}"
        )
    library = registered.import_datasets()
    try:
        with registered.checked_hub():
            splits = dict(library.load_dataset(name))
    except MissingExtra:
        raise
    except Exception as exc:
        fault = f"{type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
        raise DataError(f"{name!r} can't be had from the Hub ({fault}).") from exc
    return _splits(name, splits, expected)


def _splits(source: str, splits: Mapping[str, Any], expected: Wanted) -> _Found:
    """Return the splits of a dataset, and of the others how many rows they have."""
    found = name_splits(source, splits, "splits")
    rows = {
        name: tables.read_table(one) if tables.is_frame(one) else one
        for name, one in splits.items()
    }
    if not found:
        raise DataError(
            f"{source} has no split named as one: it has {', '.join(splits)}. Name one "
            "train."
        )
    notes = [
        f"{source}: the split {name!r} ({counted(len(one), 'row')}) was left out: it "
        "is not named as training, validation or test rows."
        for name, one in rows.items()
        if name not in found.values()
    ]
    parts = {
        split: table(source, rows[name], expected) for split, name in found.items()
    }
    return _Found(source, parts, notes)
