"""A named dataset, from wherever it is: a folder, a package, the cache, or the Hub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import folders
from zoo.errors import DataError, MissingExtra, SplitNotFound
from zoo.plugins import found
from zoo.references import resolve
from zoo.registry import dataset
from zoo.specs import DatasetSpec

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["fingerprint", "load", "spec"]


def spec(name: str) -> DatasetSpec:
    """Return what is known about a dataset without reading it."""
    return dataset(found().datasets, name)


def load(name: str, split: str = "train") -> Dataset:
    """Return one split of a registered dataset, with the zoo's column names.

    Sources, in order: the folders of `ZOO_DATA`, a Python package that ships the set,
    the local cache of the `datasets` library, the Hub.
    """
    chosen = spec(name)
    if split not in chosen.splits:
        raise SplitNotFound(name, split, chosen.splits)
    rows = _renamed(_source(chosen, split), chosen)
    if len(rows) != chosen.splits[split]:
        raise DataError(
            f"Dataset {name!r}, split {split!r}: {len(rows):,} rows, but its spec says "
            f"{chosen.splits[split]:,}. The copy is cut or of another version."
        )
    return rows


def fingerprint(columns: dict[str, tuple[str, bytes]]) -> str:
    """Return the content hash of rows: (description, bytes) of each decoded column.

    Pixels and numbers are hashed, not files: the same rows have the same fingerprint
    wherever they came from and however they were packed.
    """
    seal = hashlib.sha256()
    for name in sorted(columns):
        description, content = columns[name]
        seal.update(f"{name}:{description}:{len(content)};".encode())
        seal.update(content)
    return seal.hexdigest()


def _source(chosen: DatasetSpec, split: str) -> Dataset:
    library = _library()
    for folder in folders.data():
        files = sorted(map(str, (folder / chosen.name).glob(f"{split}-*.parquet")))
        if files:
            with _quiet():
                return library.Dataset.from_parquet(files, split=split)
    if chosen.package is not None:
        make = resolve(chosen.package, plugin=chosen.name)
        return library.Dataset.from_dict(make(split))
    if chosen.hub is None:
        raise DataError(
            f"Dataset {chosen.name!r} is not on the Hub. Put its parquet files into "
            f"{Path('FOLDER') / chosen.name}/ and set ZOO_DATA=FOLDER. {chosen.homepage}"
        )
    return _from_hub(chosen, split)


def _from_hub(chosen: DatasetSpec, split: str) -> Dataset:
    library = _library()
    place = {"revision": chosen.revision, "split": split}
    local = library.DownloadConfig(local_files_only=True)
    try:
        with _quiet():  # a cached set must not wait for the network
            return library.load_dataset(chosen.hub, **place, download_config=local)
    except (OSError, ValueError):
        pass
    try:
        return library.load_dataset(chosen.hub, **place)
    except (OSError, ValueError, RuntimeError) as exc:
        where = " or ".join(map(str, folders.data())) or "ZOO_DATA (not set)"
        raise DataError(
            f"Dataset {chosen.name!r} is not in {where}, not in the cache, and "
            f"{chosen.hub!r} can't be had from the Hub: {exc}. Set ZOO_DATA to a folder "
            f"that holds {chosen.name}/{split}-*.parquet, or go online once."
        ) from exc


def _renamed(rows: Dataset, chosen: DatasetSpec) -> Dataset:
    names = {}
    for ours, theirs in chosen.columns.items():
        have = next((n for n in (ours, *theirs) if n in rows.column_names), None)
        if have is None:
            listing = ", ".join(rows.column_names)
            raise DataError(
                f"Dataset {chosen.name!r} has no column for {ours!r}; it has {listing}."
            )
        names[have] = ours
    return rows.select_columns(list(names)).rename_columns(
        {old: new for old, new in names.items() if old != new}
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the library's progress bars: a local read is no news."""
    library = _library()
    loud = library.is_progress_bar_enabled()
    library.disable_progress_bars()
    try:
        yield
    finally:
        if loud:
            library.enable_progress_bars()


def _library() -> Any:
    try:
        import datasets  # a second to import: only when data is asked for
    except ImportError as exc:
        raise MissingExtra("datasets", "Reading a dataset") from exc
    return datasets
