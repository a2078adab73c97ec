"""Datasets that fit in memory, as tensors that are decoded once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo._utils import paths
from zoo.datasets import registered
from zoo.errors import DataError, DatasetNotFound, MissingExtra, near
from zoo.models import sealed_cache
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

    `columns` is one picture column, or number columns, which become (rows, columns), or
    one column that is read as `input_spec` says, such as texts with a tokenizer.
    Several targets become (rows, targets), in float32.
    """
    rows = registered.load_dataset(name, split)
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    columns = (columns,) if isinstance(columns, str) else tuple(columns)
    targets = (target,) if isinstance(target, str) else tuple(target)
    source = f"{name}/{split}"
    check_columns(source, rows, (*columns, *targets))
    cached = _cache_place(source, rows, columns, targets, input_spec)
    tensors = sealed_cache.read(cached, ("input", "target", "seal"))
    if tensors is None:
        tensors = _decoded(rows, columns, targets, source, input_spec)
        tensors["seal"] = _fingerprint(tensors)
        sealed_cache.write(tensors, cached)
    return TensorRows(
        input=tensors["input"],
        target=tensors["target"][:, 0]
        if len(targets) == 1
        else tensors["target"].float(),
        source=source,
        fingerprint=bytes(tensors["seal"].tolist()).hex(),
    )


def load_or_synthetic(
    read: Callable[..., Any],
    name: str,
    split: str,
    options: Mapping[str, Any],
    model: ModelSpec | None,
) -> Any:
    """Return the rows from `read`, or noise for `model` if the data is unavailable."""
    try:
        return read(name, split, **options)
    except (DataError, DatasetNotFound, MissingExtra):
        if model is None:
            raise
        input_spec = model.output.training_input(model.input)
        return synthetic_rows(
            input_spec, model.output, SYNTHETIC_ROWS, f"{name}/{split}"
        )


def check_labels(target: Tensor, output_spec: Output, source: str) -> None:
    """Raise DataError for target numbers out of range, before a loss fails on them."""
    if (count := output_spec.target_labels) is None:
        return
    if output_spec.ignored_label is not None:
        target = target[target != output_spec.ignored_label]
    if not len(target):
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
    """Return noise of a dataset's shape, for smoke runs without the data."""
    random = torch.Generator().manual_seed(0)
    inputs = preprocessor(input_spec).synthetic(input_spec, rows, random)
    target = targets_of(output_spec).synthetic(output_spec, inputs, random)
    return TensorRows(
        input=inputs, target=target, source=source, fingerprint="stand-in"
    )


def _cache_place(
    source: str,
    rows: Dataset,
    columns: tuple[str, ...],
    targets: tuple[str, ...],
    input_spec: Input | None,
) -> Path:
    # The library's own fingerprint changes with the files a set was read from.
    identity = repr((CACHE_VERSION, rows._fingerprint, columns, targets))
    if input_spec is not None:
        identity += preprocessor(input_spec).identity(input_spec)
    key = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return paths.cache_dir() / "tensors" / f"{source.replace('/', '-')}-{key}"


def check_columns(source: str, rows: Dataset, required: tuple[str, ...]) -> None:
    """Raise DataError, with the nearest names, where a dataset lacks a column."""
    columns = rows.column_names
    for name in required:
        if name not in columns:
            hint = f"{near(name, columns)}Columns: {', '.join(columns)}."
            raise DataError(f"{source} has no column {name!r}. {hint}")


def _decoded(
    rows: Dataset,
    columns: tuple[str, ...],
    targets: tuple[str, ...],
    source: str,
    input_spec: Input | None,
) -> dict[str, Tensor]:
    inputs = None
    if input_spec is not None:
        inputs = preprocessor(input_spec).column(rows, columns[0], input_spec, source)
    if inputs is not None:
        inputs = inputs.int()
    elif len(rows) and isinstance(rows[0][columns[0]], Image.Image):
        inputs = _pixels(list(rows[columns[0]]), source)
    else:
        arrays = [numbers(rows, name, source) for name in columns]
        inputs = torch.from_numpy(np.stack(arrays, axis=1).astype(np.float32))
    target_arrays = [numbers(rows, name, source) for name in targets]
    target = torch.from_numpy(np.stack(target_arrays, axis=1))
    return {"input": inputs.contiguous(), "target": target}


def _pixels(pictures: list[Image.Image], source: str) -> Tensor:
    arrays = [_bytes(picture) for picture in pictures]
    if len({array.shape for array in arrays}) > 1:
        raise DataError(f"{source}: the pictures differ in size.")
    pixels = torch.from_numpy(np.stack(arrays))
    return pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)


def _bytes(picture: Image.Image) -> np.ndarray[Any, Any]:
    """Return grey or colour bytes; a palette's numbers are not colours."""
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode in ("1", "LA") else "RGB")
    return np.asarray(picture)


def numbers(rows: Any, name: str, source: str) -> np.ndarray[Any, Any]:
    """Return a column of numbers of a dataset, or of a part of one."""
    try:
        values = np.asarray(rows[name])
        if values.dtype == object:  # numbers with gaps: None becomes NaN
            values = values.astype(np.float32)
    except (TypeError, ValueError):
        values = np.empty(0, dtype=object)
    if values.dtype.kind not in "buif":
        raise DataError(f"{source}: column {name!r} does not hold numbers.")
    return values


def _fingerprint(tensors: dict[str, Tensor]) -> Tensor:
    parts: dict[str, tuple[str, bytes]] = {}
    for name, tensor in tensors.items():
        array: np.ndarray[Any, Any] = tensor.numpy()
        parts[name] = (f"{array.dtype}{array.shape}", array.tobytes())
    return torch.tensor(list(bytes.fromhex(registered.fingerprint(parts))))
