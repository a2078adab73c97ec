"""A user's own data, whatever holds it: folders of files, tables, datasets.

Nothing is opened yet, and torch is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo._utils import paths as folders
from zoo.datasets import registered as datasets
from zoo.datasets.custom import ocr_folders as inscriptions
from zoo.datasets.custom import segmentation_masks as masking
from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.custom.segmentation_masks import PICTURES
from zoo.datasets.custom.table_columns import table
from zoo.datasets.custom.targets import RawRows, TargetSpec, classes, numbers
from zoo.errors import DataError, MissingExtra, near
from zoo.plugins.discovery import found
from zoo.specs import ImageInput, Input, Output, TextInput
from zoo.specs.model_spec import REPOSITORY

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["gather"]

SPLITS = {  # what a part of the data may be called, as a folder or as a split
    "training": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
WRITTEN = (".txt",)
TABLES = {".csv": "from_csv", ".jsonl": "from_json", ".parquet": "from_parquet"}


def gather(
    data: Any,
    input_spec: Input,
    output_spec: Output | None = None,
    *,
    target: str | None = None,
    labels: Sequence[str] | None = None,
    known: Sequence[str] = (),
) -> DatasetSplits:
    """Return the rows that `data` stands for, for a model that expects such input.

    `data` is a folder of class-named folders (or of `train` and `test` with those), a
    CSV, JSONL or parquet file, a `datasets.Dataset` or `DatasetDict`, a registered name
    or a Hub id. `target` names the column to predict; `labels` fixes the classes and
    their order, and `known` the order alone, where the classes are the same. `output_spec`
    is what the model gives, by default classes: of masks a folder holds `images` and
    `masks`; of readings it holds pictures that are named by what they show, and
    `labels` and `known` are characters; of a forecast the rows of a table follow each
    other in time. What was gathered already comes back as it is. Raises DataError.
    """
    if isinstance(data, DatasetSplits):
        return data
    wanted = TargetSpec(input_spec, output_spec, target)
    source, parts = _parts(data, wanted)
    if "training" not in parts or not len(parts["training"].targets):
        raise DataError(f"{source} holds no training rows.")
    if wanted.masks:
        names = masking.classes(source, parts, labels or _of_pixels(data), known)
    elif wanted.texts:
        names = inscriptions.alphabet(source, parts, labels, known)
    elif not wanted.classes:
        names = ()
        for rows in parts.values():
            pairs = zip(rows.names, rows.targets, strict=True)
            rows.targets = [numbers(source, name, value) for name, value in pairs]
    else:
        names = classes(source, parts, labels, known)
        for rows in parts.values():
            rows.targets = [names.index(value) for value in rows.targets]
    held: dict[str, Any] = {
        name: LabeledExamples(items=r.items, targets=tuple(r.targets), names=r.names)
        for name, r in parts.items()
        if len(r.targets)
    }
    return DatasetSplits(source=source, labels=names, **held)


def _of_pixels(data: Any) -> tuple[str, ...] | None:
    """Return what the values of a registered dataset's masks are called, if it says."""
    known = found().datasets.get(data) if isinstance(data, str) else None
    return known.labels or None if known and "label" not in known.columns else None


def _parts(data: Any, wanted: TargetSpec) -> tuple[str, dict[str, RawRows]]:
    """Return a name for the data, and its parts."""
    if isinstance(data, (str, os.PathLike)):
        path = Path(data)
        if path.is_dir():
            return path.name or str(path), _folder(path, wanted)
        if path.is_file():
            return path.name, {"training": _file(path, wanted)}
        return str(data), _named(str(data), wanted)
    if hasattr(data, "column_names") and hasattr(data, "num_rows"):
        parts = data if isinstance(data, Mapping) else {"train": data}
        return "the dataset", _splits("the dataset", parts, wanted)
    raise DataError(
        f"A {type(data).__name__} is not data to learn from. Give a folder of "
        "class-named folders, a CSV, JSONL or parquet file, a datasets.Dataset, a "
        "registered name, or a Hub id."
    )


def _folder(folder: Path, wanted: TargetSpec) -> dict[str, RawRows]:
    input_spec = wanted.input_spec
    if not isinstance(input_spec, ImageInput | TextInput):
        raise DataError(
            f"{folder} is a folder, and this model takes {input_spec.plural}: give a "
            "CSV, JSONL or parquet file."
        )
    parts: dict[str, RawRows] = {}
    read: Callable[[Path], RawRows] = partial(_labelled, input_spec=input_spec)
    if wanted.masks or wanted.texts:
        read = masking.paired if wanted.masks else inscriptions.inscribed
    for name, spellings in SPLITS.items():
        for spelling in spellings:
            place = folder / spelling
            if place.is_dir() and (wanted.texts or _children(place)):
                parts[name] = read(place)
    return parts if "training" in parts else {"training": read(folder)}


def _labelled(folder: Path, input_spec: Input) -> RawRows:
    """Return the pictures, or the texts, of a folder of class-named folders."""
    classes, reads = _children(folder), isinstance(input_spec, TextInput)
    if not classes:
        like = "photos/ants/1.jpg, photos/bees/2.jpg"
        like = "reviews/good/1.txt, reviews/bad/2.txt" if reads else like
        raise DataError(
            f"{folder} has no folders in it. Give each class a folder of its own that "
            f"is named as the class: {like}."
        )
    endings = WRITTEN if reads else PICTURES
    items: list[Path] = []
    targets: list[str] = []
    for place in classes:
        held = folders.files(place, endings)
        if not held:
            raise DataError(
                f"{place} holds no {input_spec.plural} ({', '.join(endings)})."
            )
        items += held
        targets += [place.name] * len(held)
    return RawRows(items, targets, [str(path.relative_to(folder)) for path in items])


def _children(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.iterdir() if p.is_dir() and not folders.hidden(p.name)
    )


def _file(path: Path, wanted: TargetSpec) -> RawRows:
    make = TABLES.get(path.suffix.lower())
    if make is None:
        raise DataError(
            f"{path} is no table the zoo can read: give {', '.join(TABLES)}, or a "
            "folder of class-named folders."
        )
    library = datasets.imported()
    try:
        with datasets.quiet():
            if wanted.texts and path.suffix.lower() == ".csv":
                rows = library.Dataset.from_dict(inscriptions.columns(path))
            else:
                rows = getattr(library.Dataset, make)(str(path))
    except Exception as exc:
        fault = str(exc.__cause__ or exc).partition("\n")[0].rstrip(".")
        raise DataError(f"{path} can't be read ({fault}).") from exc
    return table(str(path), rows, wanted, beside=path.parent)


def _named(name: str, wanted: TargetSpec) -> dict[str, RawRows]:
    known = found().datasets
    if name in known:
        splits = {
            split: datasets.load_dataset(name, split) for split in known[name].splits
        }
        return _splits(name, splits, wanted)
    if not REPOSITORY.fullmatch(name):
        hint = near(name, known) or "Registered names: 'zoo.list_datasets()'."
        raise DataError(
            f"{name!r} is no folder, no file and no registered dataset. {hint.strip()}"
        )
    library = datasets.imported()
    try:
        splits = dict(library.load_dataset(name))
    except MissingExtra:
        raise
    except Exception as exc:
        fault = f"{type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
        raise DataError(f"{name!r} can't be had from the Hub ({fault}).") from exc
    return _splits(name, splits, wanted)


def _splits(
    source: str, splits: Mapping[str, Dataset], wanted: TargetSpec
) -> dict[str, RawRows]:
    return {
        name: table(source, splits[spelling], wanted)
        for name, spellings in SPLITS.items()
        for spelling in spellings
        if spelling in splits
    }
