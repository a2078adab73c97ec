"""Datasets that fit in memory, as tensors: decoded once, sliced after."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo._utils import paths
from zoo.datasets import registered
from zoo.errors import DataError, DatasetNotFound, MissingExtra, WeightsError, near
from zoo.models import safetensors_io
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.folds import Fold
from zoo.runtime.rows import TensorRows, to_model_input
from zoo.specs import Input, ModelSpec, Output
from zoo.tasks.targets.base import targets_of

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "Fold",
    "TensorRows",
    "check_columns",
    "check_labels",
    "load_or_synthetic",
    "load_rows",
    "numbers",
    "synthetic_rows",
    "to_model_input",
]

CACHE_VERSION = 1  # of the files in the cache
SYNTHETIC_ROWS = 256  # rows of noise in a smoke run without data


def load_rows(
    name: str,
    split: str = "train",
    *,
    columns: str | Iterable[str] = "image",
    target: str | tuple[str, ...] = "label",
    input_spec: Input | None = None,
    first: int | None = None,
) -> TensorRows:
    """Return a split of a registered dataset, or its `first` rows; the decoded rows are
    cached on disk.

    `columns` is one picture column, or the number columns that become (rows, columns),
    or one column that the `input_spec` input says how to read: texts, by a tokenizer.
    Several targets become (rows, targets), in float32.
    """
    rows = registered.load_dataset(name, split)
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    columns = (columns,) if isinstance(columns, str) else tuple(columns)
    targets = (target,) if isinstance(target, str) else tuple(target)
    source = f"{name}/{split}"
    check_columns(source, rows, (*columns, *targets))
    cached = _read_cached(source, rows, columns, targets, input_spec)
    held = _read(cached)
    if held is None:
        held = _decoded(rows, columns, targets, source, input_spec)
        held["seal"] = _fingerprint(held)
        with suppress(OSError):  # a read-only cache only costs time: decoded again
            safetensors_io.write(held, cached)
    return TensorRows(
        input=held["input"],
        target=held["target"][:, 0] if len(targets) == 1 else held["target"].float(),
        source=source,
        fingerprint=bytes(held["seal"].tolist()).hex(),
    )


def load_or_synthetic(
    read: Callable[..., Any],
    name: str,
    split: str,
    options: Mapping[str, Any],
    model: ModelSpec | None,
) -> Any:
    """Return what `read` reads, or noise for a model where the data can't be had."""
    try:
        return read(name, split, **options)
    except (DataError, DatasetNotFound, MissingExtra):
        if model is None:
            raise
        given = model.output.training_input(model.input)
        return synthetic_rows(given, model.output, SYNTHETIC_ROWS, f"{name}/{split}")


def check_labels(target: Tensor, output_spec: Output, source: str) -> None:
    """Refuse numbers that stand for no label, before a loss trips over them."""
    if (count := output_spec.target_labels) is None or not len(target):
        return
    least, most = target.min(), target.max()
    if least < 0 or most >= count:
        wrong = int(least if least < 0 else most)
        raise DataError(
            f"{source}: the label {wrong} is out of range; the model has {count} "
            f"labels, 0 to {count - 1}."
        )


def synthetic_rows(
    input_spec: Input, output_spec: Output, rows: int, source: str
) -> TensorRows:
    """Return noise of a dataset's shape, for smoke runs where the data can't be had."""
    random = torch.Generator().manual_seed(0)
    given = preprocessor(input_spec).synthetic(input_spec, rows, random)
    target = targets_of(output_spec).synthetic(output_spec, given, random)
    return TensorRows(input=given, target=target, source=source, fingerprint="stand-in")


def _read_cached(
    source: str,
    rows: Dataset,
    columns: tuple[str, ...],
    targets: tuple[str, ...],
    input_spec: Input | None,
) -> Path:
    # The library's own fingerprint changes with the files a set was read from.
    asked = repr((CACHE_VERSION, rows._fingerprint, columns, targets))
    if input_spec is not None:
        asked += preprocessor(input_spec).identity(input_spec)
    key = hashlib.sha256(asked.encode()).hexdigest()[:16]
    name = f"{source.replace('/', '-')}-{key}.safetensors"
    return paths.cache_dir() / "tensors" / name


def check_columns(source: str, rows: Dataset, wanted: tuple[str, ...]) -> None:
    """Refuse a column that a dataset does not have, with what comes near it."""
    known = rows.column_names
    for name in wanted:
        if name not in known:
            hint = f"{near(name, known)}Columns: {', '.join(known)}."
            raise DataError(f"{source} has no column {name!r}. {hint}")


def _read(cached: Path) -> dict[str, Tensor] | None:
    if not cached.is_file():
        return None
    with suppress(OSError):  # its time says when it was last used
        os.utime(cached)
    try:
        return safetensors_io.tensors(cached)
    except WeightsError:  # cut by a full disk: decoded again, and replaced
        return None


def _decoded(
    rows: Dataset,
    columns: tuple[str, ...],
    targets: tuple[str, ...],
    source: str,
    input_spec: Input | None,
) -> dict[str, Tensor]:
    held = None
    if input_spec is not None:
        held = preprocessor(input_spec).column(rows, columns[0], input_spec, source)
    if held is not None:
        held = held.int()
    elif len(rows) and isinstance(rows[0][columns[0]], Image.Image):
        held = _pixels(list(rows[columns[0]]), source)
    else:
        given = [numbers(rows, name, source) for name in columns]
        held = torch.from_numpy(np.stack(given, axis=1).astype(np.float32))
    answers = [numbers(rows, name, source) for name in targets]
    target = torch.from_numpy(np.stack(answers, axis=1))
    return {"input": held.contiguous(), "target": target}


def _pixels(pictures: list[Image.Image], source: str) -> Tensor:
    arrays = [_bytes(picture) for picture in pictures]
    if len({array.shape for array in arrays}) > 1:
        raise DataError(f"{source}: the pictures differ in size.")
    held = torch.from_numpy(np.stack(arrays))
    return held.unsqueeze(1) if held.ndim == 3 else held.permute(0, 3, 1, 2)


def _bytes(picture: Image.Image) -> np.ndarray[Any, Any]:
    """Return grey or colour bytes; a palette's numbers are not colours."""
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode in ("1", "LA") else "RGB")
    return np.asarray(picture)


def numbers(rows: Any, name: str, source: str) -> np.ndarray[Any, Any]:
    """Return a column of numbers of a dataset, or of a part of one."""
    try:
        found = np.asarray(rows[name])
        if found.dtype == object:  # numbers with gaps: None becomes NaN
            found = found.astype(np.float32)
    except (TypeError, ValueError):
        found = np.empty(0, dtype=object)
    if found.dtype.kind not in "buif":
        raise DataError(f"{source}: column {name!r} does not hold numbers.")
    return found


def _fingerprint(held: dict[str, Tensor]) -> Tensor:
    parts: dict[str, tuple[str, bytes]] = {}
    for name, tensor in held.items():
        array: np.ndarray[Any, Any] = tensor.numpy()
        parts[name] = (f"{array.dtype}{array.shape}", array.tobytes())
    return torch.tensor(list(bytes.fromhex(registered.fingerprint(parts))))
