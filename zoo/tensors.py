"""Datasets that fit in memory, as tensors: decoded once, sliced after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from zoo import datasets, folders, weights
from zoo.errors import DataError
from zoo.specs import ClassOutput, ImageInput, Input

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Tensors", "load", "prepared", "stand_in"]

VERSION = 1  # of the files in the cache


@dataclass(frozen=True, kw_only=True)
class Tensors:
    """Rows of a dataset: `input` (rows, ...) and `target` (rows,) or (rows, labels).

    Pictures stay bytes, (rows, channels, height, width) in uint8, until they are used.
    `fingerprint` is the content hash of the whole split these rows come from.
    """

    input: Tensor
    target: Tensor
    source: str
    fingerprint: str

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: slice | Tensor) -> Tensors:
        return replace(self, input=self.input[rows], target=self.target[rows])

    def split(self, fraction: float, *, seed: int) -> tuple[Tensors, Tensors]:
        """Return two parts in random order, the first with `fraction` of the rows."""
        random = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self), generator=random)
        border = round(fraction * len(self))
        if not 0 < border < len(self):
            raise DataError(
                f"{self.source}: {len(self)} rows can't be split at {fraction}."
            )
        return self[order[:border]], self[order[border:]]

    def fold(
        self, number: int, count: int, *, seed: int, stratified: bool = False
    ) -> tuple[Tensors, Tensors]:
        """Return the rows outside and inside fold `number` of `count`, from 0.

        Stratified folds hold every label in the proportion of the whole.
        """
        random = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self), generator=random)
        if stratified:
            order = order[self.target[order].argsort(stable=True)]
        inside = torch.zeros(len(self), dtype=torch.bool)
        inside[order[number::count]] = True
        if not 0 <= number < count <= len(self):
            raise DataError(
                f"{self.source}: {len(self)} rows have no fold {number} of {count}."
            )
        return self[~inside], self[inside]


def load(
    name: str,
    split: str = "train",
    *,
    columns: Iterable[str] = ("image",),
    target: str | tuple[str, ...] = "label",
) -> Tensors:
    """Return a split of a registered dataset; the decoded rows are cached on disk.

    `columns` is one picture column, or the number columns that become (rows, columns).
    Several targets become (rows, targets), in float32.
    """
    rows = datasets.load(name, split)
    columns, source = tuple(columns), f"{name}/{split}"
    targets = (target,) if isinstance(target, str) else target
    cached = _cached(source, rows, columns, targets)
    if cached.is_file():
        held = weights.tensors(cached)
    else:
        held = _decoded(rows, columns, targets, source)
        held["seal"] = _seal(held)
        with suppress(OSError):  # a read-only cache only costs time: decoded again
            weights.write(held, cached)
    return Tensors(
        input=held["input"],
        target=held["target"][:, 0] if len(targets) == 1 else held["target"].float(),
        source=source,
        fingerprint=bytes(held["seal"].tolist()).hex(),
    )


def prepared(rows: Tensor) -> Tensor:
    """Return inputs as models take them: bytes become floats in 0..1."""
    return rows.float().div_(255) if rows.dtype == torch.uint8 else rows


def stand_in(expected: Input, meaning: ClassOutput, rows: int, source: str) -> Tensors:
    """Return noise of a dataset's shape, for smoke runs where the data can't be had."""
    random = torch.Generator().manual_seed(0)
    if isinstance(expected, ImageInput):
        shape = (rows, expected.channels, expected.height, expected.width)
        given = torch.randint(256, shape, generator=random, dtype=torch.uint8)
    else:
        low = torch.tensor([column.low for column in expected.columns])
        high = torch.tensor([column.high for column in expected.columns])
        given = low + (high - low) * torch.rand(
            rows, len(expected.columns), generator=random
        )
    count = len(meaning.labels)
    target = torch.randint(count, (rows,), generator=random)
    if meaning.multi_label:
        target = torch.randint(2, (rows, count), generator=random).float()
    return Tensors(input=given, target=target, source=source, fingerprint="stand-in")


def _cached(
    source: str, rows: Dataset, columns: tuple[str, ...], targets: tuple[str, ...]
) -> Path:
    # The library's own fingerprint changes with the files a set was read from.
    asked = repr((VERSION, rows._fingerprint, columns, targets))
    key = hashlib.sha256(asked.encode()).hexdigest()[:16]
    name = f"{source.replace('/', '-')}-{key}.safetensors"
    return folders.cache() / "tensors" / name


def _decoded(
    rows: Dataset, columns: tuple[str, ...], targets: tuple[str, ...], source: str
) -> dict[str, Tensor]:
    given = [rows[column] for column in columns]
    answers = [np.asarray(rows[name]) for name in targets]
    if columns == ("image",):
        pictures = [np.asarray(picture) for picture in given[0]]
        if len({picture.shape for picture in pictures}) > 1:
            raise DataError(f"{source}: the pictures differ in size.")
        held = torch.from_numpy(np.stack(pictures))
        held = held.unsqueeze(1) if held.ndim == 3 else held.permute(0, 3, 1, 2)
    else:
        numbers = np.stack([np.asarray(values) for values in given], axis=1)
        held = torch.from_numpy(numbers.astype(np.float32))
    target = torch.from_numpy(np.stack(answers, axis=1))
    return {"input": held.contiguous(), "target": target}


def _seal(held: dict[str, Tensor]) -> Tensor:
    parts: dict[str, tuple[str, bytes]] = {}
    for name, tensor in held.items():
        array: np.ndarray[Any, Any] = tensor.numpy()
        parts[name] = (f"{array.dtype}{array.shape}", array.tobytes())
    return torch.tensor(list(bytes.fromhex(datasets.fingerprint(parts))))
