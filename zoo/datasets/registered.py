"""Load a registered dataset from a folder, a package, the cache, or the Hub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from zoo._utils import paths
from zoo._utils.import_string import resolve
from zoo.artifacts import hub_client
from zoo.artifacts.hub_client import checked_commit, disable_telemetry
from zoo.artifacts.hub_download import response_timeout
from zoo.errors import DataError, HubError, MissingExtra, SplitNotFound
from zoo.plugins.discovery import installed, warn_of_clash
from zoo.plugins.registry import dataset
from zoo.specs import DatasetSpec
from zoo.specs.model_spec import CONVERTED

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "checked_hub",
    "fingerprint",
    "get_dataset_spec",
    "import_datasets",
    "load_dataset",
    "quiet_progress",
]


def get_dataset_spec(name: str) -> DatasetSpec:
    """Return what is known about a dataset without reading it."""
    return _registered(name)


def _registered(name: str) -> DatasetSpec:
    known = installed()
    warn_of_clash(known, "dataset", name)
    return dataset(known.datasets, name)


def load_dataset(name: str, split: str = "train") -> Dataset:
    """Return one split of a registered dataset, with the zoo's column names.

    Sources, in order: the folders of `ZOO_DATA`, a Python package that ships the set,
    the local cache of the `datasets` library, the Hub. Only the last one uses the
    network. If a folder has other splits of the set and no folder has this one, no
    other source is used: splits of two copies may share rows, or differ in pixels.

    >>> rows = zoo.load_dataset("digits", "train")
    >>> rows.column_names
    ['image', 'label']
    """
    spec = get_dataset_spec(name)
    if split not in spec.splits:
        raise SplitNotFound(name, split, spec.splits)
    copy = _copy(spec, split)
    if len(copy.rows) != copy.counts[split]:
        raise DataError(
            f"Dataset {name!r}, split {split!r}: {copy.place} has {len(copy.rows):,} "
            f"rows, but the spec says {copy.counts[split]:,}. This copy is cut, or of "
            "another version: replace it."
        )
    with quiet_progress():
        return _labelled(_renamed(copy, spec), copy.place, spec)


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


class _Copy(NamedTuple):
    """The rows of a source, its place, and the number of rows of each split."""

    rows: Dataset
    place: str
    counts: Mapping[str, int]


def _copy(spec: DatasetSpec, split: str) -> _Copy:
    rows = _from_folder(spec, split)
    if rows is not None:
        return rows
    if spec.package is not None:
        make = resolve(spec.package, plugin=spec.name)
        import_datasets()  # the function imports it too: let our error come first
        return _Copy(make(split), repr(spec.package), spec.splits)
    if spec.hub is None:
        raise _hub_error(spec, split)
    counts = {**spec.splits, **spec.hub_splits}
    rows = _from_cache(spec, split)
    if rows is not None:
        return _Copy(rows, f"{spec.hub!r} in the cache", counts)
    return _Copy(_from_hub(spec, split), f"{spec.hub!r} on the Hub", counts)


def _from_folder(spec: DatasetSpec, split: str) -> _Copy | None:
    partial = None
    for folder in paths.data_dirs():
        place = folder / spec.name
        files = sorted(map(str, place.glob(f"{split}-*.parquet")))
        if not files:
            if partial is None and any(place.glob("*.parquet")):
                partial = place
            continue
        library = import_datasets()
        try:
            with quiet_progress():
                rows = library.Dataset.from_parquet(files, split=split)
        except Exception as exc:  # Arrow's errors, or the library's own
            fault = type(exc.__cause__ or exc).__name__
            raise DataError(
                f"Dataset {spec.name!r}, split {split!r}: {place} can't be read "
                f"({fault}). Copy its parquet files again."
            ) from exc
        return _Copy(rows, str(place), spec.splits)
    if partial is not None:
        raise DataError(
            f"Dataset {spec.name!r}, split {split!r}: {partial} holds other splits "
            "and not this one, and splits of two copies are not mixed. Put "
            f"{split}-*.parquet of the same copy there, or move that folder away: the "
            "set is then read from elsewhere."
        )
    return None


def _from_cache(spec: DatasetSpec, split: str) -> Dataset | None:
    """Return the rows of an earlier download, or None, without a request to the Hub."""
    import_datasets()
    from datasets.packaged_modules.cache.cache import Cache

    assert spec.hub is not None
    name = spec.hub.rpartition("/")[2]
    try:
        with quiet_progress():  # "auto": the newest that is there
            builder = Cache(
                repo_id=spec.hub, dataset_name=name, version="auto", hash="auto"
            )
            rows = builder.as_dataset(split=split)
    except (OSError, ValueError):
        return None
    pinned = spec.revision not in (None, CONVERTED)
    return None if pinned and builder.hash != spec.revision else rows


@contextmanager
def checked_hub() -> Iterator[None]:
    """Have what a Hub says checked within the block: the library makes paths of it."""
    hub_client.watch_client()
    with hub_client.checked_answers():
        yield


def _from_hub(spec: DatasetSpec, split: str) -> Dataset:
    library = import_datasets()
    commit = _commit(spec, split)
    try:
        with checked_hub():
            return library.load_dataset(spec.hub, revision=commit, split=split)
    except Exception as exc:  # of the network, of Arrow, of the library
        fault = f"{type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
        raise _unavailable_error(spec, split, fault) from exc


def _commit(spec: DatasetSpec, split: str) -> str:
    """Return the commit to load: one short request to the Hub, before any long one."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    assert spec.hub is not None
    online = "Go online and load it once, or set"
    try:
        about = HfApi().dataset_info(
            spec.hub, revision=spec.revision, timeout=response_timeout()
        )
    except RepositoryNotFoundError as exc:
        fault = "it does not exist, or you may not read it"
        raise _unavailable_error(spec, split, fault) from exc
    except RevisionNotFoundError as exc:
        fault = f"it has no revision {spec.revision!r}"
        raise _unavailable_error(spec, split, fault) from exc
    except HfHubHTTPError as exc:
        fault = f"it answers with status {exc.response.status_code}"
        raise _unavailable_error(spec, split, fault) from exc
    except OfflineModeIsEnabled as exc:
        unset = "Unset it and load the set once, or set"
        raise _unavailable_error(spec, split, "HF_HUB_OFFLINE is set", unset) from exc
    except Exception as exc:  # the HTTP client's, which may change
        raise _unavailable_error(spec, split, "it can't be reached", online) from exc
    try:
        return checked_commit(about.sha, spec.hub)
    except HubError as exc:  # the library makes the name of a folder of it
        raise DataError(str(exc)) from exc


def _hub_error(spec: DatasetSpec, split: str) -> DataError:
    source = f"Get it from {spec.homepage}, put" if spec.homepage else "Put"
    hint = f" Similar, on the Hub: {', '.join(spec.similar)}."
    return DataError(
        f"Dataset {spec.name!r} is not in {_searched()}, and the Hub does not have "
        f"it. {source} it into FOLDER/{spec.name}/{split}-*.parquet (Parquet), "
        f"and set ZOO_DATA=FOLDER.{hint if spec.similar else ''}"
    )


def _unavailable_error(
    spec: DatasetSpec, split: str, fault: str, remedy: str = "Set"
) -> DataError:
    return DataError(
        f"Dataset {spec.name!r} is not in {_searched()}, not in the cache, and can't "
        f"be had from the Hub as {spec.hub!r}: {fault}. {remedy} ZOO_DATA to a "
        f"folder that holds {spec.name}/{split}-*.parquet."
    )


def _searched() -> str:
    return " or ".join(map(str, paths.data_dirs())) or "ZOO_DATA (which is not set)"


def _renamed(copy: _Copy, spec: DatasetSpec) -> Dataset:
    candidates = {ours: (*theirs, ours) for ours, theirs in spec.columns.items()}
    rows = copy.rows
    if any("." in name for names in candidates.values() for name in names):
        rows = rows.flatten()
    names = {}
    for ours, theirs in candidates.items():
        have = next((name for name in theirs if name in rows.column_names), None)
        if have is None:
            raise DataError(
                f"Dataset {spec.name!r}: {copy.place} has no column for {ours!r}. It "
                f"has {', '.join(copy.rows.column_names)}; looked for "
                f"{', '.join(dict.fromkeys(theirs))}."
            )
        names[have] = ours
    return rows.select_columns(list(names)).rename_columns(names)


def _labelled(rows: Dataset, place: str, spec: DatasetSpec) -> Dataset:
    """Return rows whose `label` is a number of the spec's labels, in their order."""
    if not spec.labels or "label" not in rows.column_names:
        return rows
    class_label = import_datasets().ClassLabel(names=list(spec.labels))
    feature = rows.features["label"]
    names = tuple(getattr(feature, "names", spec.labels))
    fault = "some labels are unknown"
    if names != spec.labels:
        fault = f"its labels are {', '.join(names)}"
    elif feature == class_label:
        return rows
    elif {*rows.unique("label")} <= {-1, *range(len(names)), *names}:
        return rows.cast_column("label", class_label)
    raise DataError(
        f"Dataset {spec.name!r}: in {place}, {fault}. The spec says "
        f"{', '.join(spec.labels)}. This copy is of another version: replace it."
    )


@contextmanager
def quiet_progress() -> Iterator[None]:
    """Suppress the progress bars and log messages of the `datasets` library."""
    library = import_datasets()
    notes = library.utils.logging
    loud, level = library.is_progress_bar_enabled(), notes.get_verbosity()
    library.disable_progress_bars()
    notes.set_verbosity_error()
    try:
        yield
    finally:
        notes.set_verbosity(level)
        if loud:
            library.enable_progress_bars()


def import_datasets() -> Any:
    """Return the `datasets` library. Raises MissingExtra."""
    try:
        disable_telemetry()
        import datasets  # a second to import: only when data is asked for
    except ImportError as exc:
        raise MissingExtra("datasets", "Reading a dataset") from exc
    return datasets
