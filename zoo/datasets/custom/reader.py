"""Read a user's own data from folders, tables or datasets, without opening inputs.

Does not know torch.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.datasets import registered
from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.custom.table_columns import table
from zoo.datasets.custom.wanted import Wanted
from zoo.errors import DataError, MissingExtra, near
from zoo.plugins.discovery import installed
from zoo.specs import Input, Output
from zoo.specs.model_spec import REPOSITORY
from zoo.tasks.targets.base import Rows, children

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["read_data"]

SPLITS = {  # what a part of the data may be called, as a folder or as a split
    "training": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
TABLES = {".csv": "from_csv", ".jsonl": "from_json", ".parquet": "from_parquet"}


def read_data(
    data: Any,
    input_spec: Input,
    output_spec: Output | None = None,
    *,
    target: str | None = None,
    labels: Sequence[str] | None = None,
    known: Sequence[str] = (),
) -> DatasetSplits:
    """Return the splits of `data`, for a model with this input and output.

    `data` is a folder of class-named folders (or of `train` and `test` with those), a
    CSV, JSONL or parquet file, a `datasets.Dataset` or `DatasetDict`, a registered name
    or a Hub id. `DatasetSplits` are returned unchanged.

    `target` names the column to predict. `labels` fixes the classes and their order;
    `known` fixes only the order, if the data has the same classes. `output_spec` is by
    default one of classes. For masks, a folder has `images` and `masks`. For text
    recognition, it has pictures named by their text, and `labels` and `known` are
    characters. For a forecast, the rows of a table are in the order of time. Raises
    DataError.
    """
    if isinstance(data, DatasetSplits):
        return data
    expected = Wanted(input_spec, output_spec, target)
    source, parts = _parts(data, expected)
    if "training" not in parts or not len(parts["training"].targets):
        raise DataError(f"{source} holds no training rows.")
    if expected.kind.dataset_labels:
        labels = labels or _of_values(data)
    names = expected.kind.parse(source, parts, labels, known)
    splits: dict[str, Any] = {
        name: LabeledExamples(items=r.items, targets=tuple(r.targets), names=r.names)
        for name, r in parts.items()
        if len(r.targets)
    }
    return DatasetSplits(source=source, labels=names, kind=expected.kind, **splits)


def _of_values(data: Any) -> tuple[str, ...] | None:
    """Return the labels of a registered dataset's masks, if its spec has them."""
    spec = installed().datasets.get(data) if isinstance(data, str) else None
    return spec.labels or None if spec and "label" not in spec.columns else None


def _parts(data: Any, expected: Wanted) -> tuple[str, dict[str, Rows]]:
    """Return a name for the data, and its splits."""
    if isinstance(data, (str, os.PathLike)):
        path = Path(data)
        if path.is_dir():
            return path.name or str(path), _folder(path, expected)
        if path.is_file():
            return path.name, {"training": _file(path, expected)}
        return str(data), _registered(str(data), expected)
    if hasattr(data, "column_names") and hasattr(data, "num_rows"):
        parts = data if isinstance(data, Mapping) else {"train": data}
        return "the dataset", _splits("the dataset", parts, expected)
    raise DataError(
        f"A {type(data).__name__} is not data to learn from. Give a folder of "
        "class-named folders, a CSV, JSONL or parquet file, a datasets.Dataset, a "
        "registered name, or a Hub id."
    )


def _folder(folder: Path, expected: Wanted) -> dict[str, Rows]:
    input_spec, kind = expected.input_spec, expected.kind
    if not input_spec.suffixes:
        raise DataError(
            f"{folder} is a folder, and this model takes {input_spec.plural}: give a "
            "CSV, JSONL or parquet file."
        )
    parts: dict[str, Rows] = {}
    for name, spellings in SPLITS.items():
        for spelling in spellings:
            place = folder / spelling
            if place.is_dir() and (kind.flat_folders or children(place)):
                parts[name] = kind.read_folder(place, input_spec)
    if "training" in parts:
        return parts
    return {"training": kind.read_folder(folder, input_spec)}


def _file(path: Path, expected: Wanted) -> Rows:
    make = TABLES.get(path.suffix.lower())
    if make is None:
        raise DataError(
            f"{path} is no table the zoo can read: give {', '.join(TABLES)}, or a "
            "folder of class-named folders."
        )
    library = registered.import_datasets()
    try:
        with registered.quiet_progress():
            if expected.kind.as_written and path.suffix.lower() == ".csv":
                rows = library.Dataset.from_dict(_read_table_file(path))
            else:
                rows = getattr(library.Dataset, make)(str(path))
    except Exception as exc:
        fault = str(exc.__cause__ or exc).partition("\n")[0].rstrip(".")
        raise DataError(f"{path} can't be read ({fault}).") from exc
    return table(str(path), rows, expected, beside=path.parent)


def _read_table_file(path: Path) -> dict[str, list[str | None]]:
    """Return the columns of a CSV file as strings: "007" stays "007"."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return {name: [row[name] for row in rows] for name in reader.fieldnames or ()}


def _registered(name: str, expected: Wanted) -> dict[str, Rows]:
    specs = installed().datasets
    if name in specs:
        splits = {
            split: registered.load_dataset(name, split) for split in specs[name].splits
        }
        return _splits(name, splits, expected)
    if not REPOSITORY.fullmatch(name):
        hint = near(name, specs) or "Registered names: 'zoo.list_datasets()'."
        raise DataError(
            f"{name!r} is no folder, no file and no registered dataset. {hint.strip()}"
        )
    library = registered.import_datasets()
    try:
        splits = dict(library.load_dataset(name))
    except MissingExtra:
        raise
    except Exception as exc:
        fault = f"{type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
        raise DataError(f"{name!r} can't be had from the Hub ({fault}).") from exc
    return _splits(name, splits, expected)


def _splits(
    source: str, splits: Mapping[str, Dataset], expected: Wanted
) -> dict[str, Rows]:
    return {
        name: table(source, splits[spelling], expected)
        for name, spellings in SPLITS.items()
        for spelling in spellings
        if spelling in splits
    }
