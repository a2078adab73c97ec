"""Datasets that do not fit in memory: decoded batch by batch, optionally by workers.

`StreamedRows` are used like `TensorRows`, but only their targets are in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from zoo._utils import paths
from zoo._utils.atomic_write import write_atomic
from zoo._utils.hardware import processors
from zoo.datasets import registered
from zoo.datasets.in_memory import TensorRows, check_columns, numbers
from zoo.errors import DataError
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.rows import random_split
from zoo.specs import Input

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Data", "StreamedRows", "stream_rows"]

CHUNK_ROWS = 100  # rows that are looked at together, which may be photographs
Data = TypeVar("Data", TensorRows, "StreamedRows")


@dataclass(frozen=True, kw_only=True)
class StreamedRows:
    """Rows of a dataset whose inputs are read when a batch is requested.

    `picked` are the row numbers in the dataset. `workers` processes decode ahead of the
    training; with 0, this process decodes. The batches do not depend on their number.
    `fingerprint` is the hash of the whole split as it is stored.
    """

    reader: Reader
    picked: Tensor
    target: Tensor
    source: str
    fingerprint: str
    workers: int = 0

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: slice | Tensor) -> StreamedRows:
        return replace(self, picked=self.picked[rows], target=self.target[rows])

    def split(self, fraction: float, *, seed: int) -> tuple[StreamedRows, StreamedRows]:
        """Return two parts in random order, the first with `fraction` of the rows."""
        first, second = random_split(len(self), fraction, seed=seed, source=self.source)
        return self[first], self[second]

    def batches(self, picked: Iterable[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the input and the target of each batch of the rows `picked`."""
        row_batches = list(picked)
        loader: DataLoader[Any] = DataLoader(
            self.reader,  # type: ignore[arg-type]  # anything with items will do
            sampler=(self.picked[rows].tolist() for rows in row_batches),
            batch_size=None,
            num_workers=min(self.workers, processors()),
            generator=torch.Generator(),  # so that the run's own draws nothing here
        )
        for rows, inputs in zip(row_batches, loader, strict=True):
            if isinstance(inputs, str):
                raise DataError(f"{self.source}, {inputs}")
            yield inputs, self.target[rows]

    def in_order(self) -> Iterator[Tensor]:
        """Yield all inputs in their order, in chunks."""
        for inputs, _ in self.batches(torch.arange(len(self)).split(CHUNK_ROWS)):
            yield inputs


@dataclass(frozen=True, kw_only=True)
class Reader:
    """The dataset of the workers: it turns lists of row numbers into inputs."""

    table: Dataset
    columns: tuple[str, ...]
    input_spec: Input

    def __getitem__(self, rows: list[int]) -> Tensor | str:
        """Return the inputs of these rows, or an error message.

        An exception would leave a worker as the text of a traceback.
        """
        batch, input_spec = self.table[rows], self.input_spec
        try:
            inputs = preprocessor(input_spec).streamed(
                batch, self.columns[0], rows, input_spec
            )
            if inputs is not None:
                return inputs
            columns = [numbers(batch, name, "these rows") for name in self.columns]
        except DataError as exc:
            return str(exc)
        return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))


def stream_rows(
    name: str,
    split: str = "train",
    *,
    input_spec: Input,
    columns: str | Iterable[str] = "image",
    target: str = "label",
    workers: int = 0,
) -> StreamedRows:
    """Return a split of a registered dataset as rows that are decoded on access.

    `columns` is one picture or text column for a picture or text input, and number
    columns otherwise. Raises DataError.
    """
    if workers < 0:
        raise DataError(f"workers={workers} can't decode; give 0 or more.")
    table, source = registered.load_dataset(name, split), f"{name}/{split}"
    columns = (columns,) if isinstance(columns, str) else tuple(columns)
    check_columns(source, table, (*columns, target))
    targets = torch.from_numpy(numbers(table, target, source))
    if input_spec.pictured:
        table = _stored(table, columns[0], source)
    table = table.select_columns([*columns, target])
    return StreamedRows(
        reader=Reader(table=table, columns=columns, input_spec=input_spec),
        picked=torch.arange(len(table)),
        target=targets,
        source=source,
        fingerprint=_fingerprint(table),
        workers=workers,
    )


def _stored(table: Dataset, column: str, source: str) -> Dataset:
    """Return a table whose pictures are undecoded files, for better error messages."""
    from datasets import Image

    if not isinstance(table.features[column], Image):
        raise DataError(f"{source}: column {column!r} does not hold pictures.")
    return table.cast_column(column, Image(decode=False))


def _fingerprint(table: Dataset) -> str:
    """Return the hash of the stored rows, cached by the library's fingerprint."""
    cached = paths.cache_dir() / "streams" / f"{table._fingerprint}.txt"
    with suppress(OSError, ValueError):
        known, check = cached.read_text(encoding="ascii").split()
        if check == _check(table._fingerprint, known):
            return known
    seal = hashlib.sha256()
    for part in table.iter(batch_size=CHUNK_ROWS):
        for name in sorted(part):
            for value in part[name]:
                content = _content(value)
                seal.update(f"{name}:{len(content)};".encode() + content)
    with suppress(OSError):
        found = seal.hexdigest()
        check = _check(table._fingerprint, found)
        write_atomic(cached, f"{found} {check}".encode())
    return seal.hexdigest()


def _check(table: str, fingerprint: str) -> str:
    """Return what shows that a note of the cache is whole, and of this table."""
    return hashlib.sha256(f"{table} {fingerprint}".encode()).hexdigest()


def _content(value: Any) -> bytes:
    if isinstance(value, dict):  # a picture: its bytes, or the file they are in
        return value["bytes"] or Path(value["path"]).read_bytes()
    return repr(value).encode()
