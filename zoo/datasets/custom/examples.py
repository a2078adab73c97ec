"""Raw inputs with their targets, not opened yet, in splits. Does not know torch."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import DataError
from zoo.runtime.table import Table
from zoo.tasks.targets.base import Targets, some
from zoo.tasks.targets.classes import ClassTargets

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "Column",
    "DatasetSplits",
    "LabeledExamples",
    "content",
    "stored",
    "train_val_split",
    "with_validation_split",
]

CHUNK_ROWS = 1000  # rows of a dataset that are hashed at a time


@dataclass(frozen=True, kw_only=True)
class LabeledExamples:
    """Raw inputs with a target each, and a name of each for messages."""

    items: Sequence[Any]
    targets: tuple[Any, ...]  # numbers, masks, or texts
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.targets)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the inputs and targets; "" if an input has none."""
        digest = content(self.items)
        if digest is None:
            return ""
        return hashlib.sha256(f"{digest}{self.targets}".encode()).hexdigest()

    @property
    def placed(self) -> bool:
        """Whether an error about an input says where it is: rows of a table know it."""
        return isinstance(self.items, Column) and self.items.name is None

    def pick(self, rows: Sequence[int]) -> LabeledExamples:
        """Return some of the rows, in this order."""
        items = self.items
        lazy = items.pick(rows) if isinstance(items, Column) else None
        return LabeledExamples(
            items=[items[row] for row in rows] if lazy is None else lazy,
            targets=tuple(self.targets[row] for row in rows),
            names=[self.names[row] for row in rows],
        )


@dataclass(frozen=True, kw_only=True)
class DatasetSplits:
    """The splits of a user's data; `labels` are empty where targets are numbers.

    `kind` is the kind of the targets, by default classes. `sources` names the data of a
    split that is not from `source`. `notes` say what was left out.
    """

    source: str
    labels: tuple[str, ...]
    training: LabeledExamples
    validation: LabeledExamples | None = None
    test: LabeledExamples | None = None
    kind: Targets[Any] = field(default_factory=ClassTargets)
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def source_of(self, part: str) -> str:
        """Return the name of the data that the rows of a split come from."""
        return self.sources.get(part, self.source)

    def parts(self) -> dict[str, LabeledExamples]:
        """Return the splits that exist, by name."""
        splits = {"training": self.training, "validation": self.validation}
        splits["test"] = self.test
        return {name: rows for name, rows in splits.items() if rows is not None}

    def targets(self) -> dict[str, Sequence[Any]]:
        """Return the targets of each split, by the name of its source."""
        return {
            f"{self.source_of(part)}/{part}": rows.targets
            for part, rows in self.parts().items()
        }

    @property
    def timed(self) -> bool:
        """Whether the rows follow each other in time."""
        return getattr(self.training.items, "timed", False)

    def counts(self) -> dict[str, int]:
        """Return the number of training rows of each label, or of those whose target
        contains it."""
        return self.kind.counts(self.training.targets, self.labels)

    def sizes(self) -> list[int]:
        """Return the amount of each label in the training rows, in order."""
        return self.kind.sizes(self.training.targets, self.labels)


class Column(Sequence[Any]):
    """Rows of a table or dataset, or one column of them, decoded on access.

    `source` is what messages call a dataset.
    """

    timed = False  # whether their order is that of time

    def __init__(
        self,
        rows: Table | Dataset,
        name: str | None,
        picked: Sequence[int] | None = None,
        source: str = "",
    ) -> None:
        self.rows, self.name, self.source = rows, name, source
        self.picked = range(len(rows)) if picked is None else picked

    def __len__(self) -> int:
        return len(self.picked)

    def __getitem__(self, row: Any) -> Any:
        value = self.rows[int(self.picked[row])]
        return value if self.name is None else value[self.name]

    def pick(self, rows: Sequence[int]) -> Column:
        """Return some of the rows, in this order."""
        picked = [self.picked[row] for row in rows]
        return Column(self.rows, self.name, picked, self.source)

    def placed(self, row: int) -> Any:
        """Return an input, and where it is a row, as a table that knows its place."""
        return self[row] if self.name is not None else self._table(row, 1)

    def _table(self, row: int, count: int) -> Table:
        """Return rows from one on that messages can name."""
        start = int(self.picked[row])
        values = self.rows[start : start + count]
        if isinstance(self.rows, Table):
            source, places = self.rows.source, self.rows.places[start : start + count]
        else:
            source = self.source
            places = [f"row {start + number}" for number in range(1, count + 1)]
        return Table(
            source, list(values), [*zip(*values.values(), strict=True)], places
        )

    @cached_property
    def content(self) -> str:
        """The SHA-256 of the rows, with pictures as they are stored."""
        seal = hashlib.sha256()
        for row in _stored_rows(self):
            for value in row:
                seal.update(stored(value))
        return seal.hexdigest()

    @property
    def decoding(self) -> str | None:
        """How the stored rows become inputs: a key, or None where a transform does it,
        which may give something else every time."""
        if isinstance(self.rows, Table):
            return ""
        if self.rows.format["type"] == "custom":
            return None
        features = self.rows.features
        return repr(features if self.name is None else features[self.name])

    def contents(self) -> Iterator[Sequence[Any]]:
        """Yield the values of each row, with pictures as they are stored."""
        return _stored_rows(self)


def _stored_rows(items: Column) -> Iterator[Sequence[Any]]:
    rows, picked = _undecoded(items.rows), items.picked
    if items.name is not None and items.name in rows.column_names:
        rows = rows.select_columns([items.name])
    for start in range(0, len(picked), CHUNK_ROWS):
        chunk = rows[[int(row) for row in picked[start : start + CHUNK_ROWS]]]
        yield from zip(*chunk.values(), strict=True)


def content(items: Sequence[Any]) -> str | None:
    """Return the SHA-256 of files or rows of a dataset; None of other inputs."""
    if isinstance(items, Column):
        return items.content
    if not all(isinstance(item, Path) for item in items):
        return None
    seal = hashlib.sha256()
    for path in items:
        try:
            seal.update(stored(path.read_bytes()))
        except OSError:
            return None
    return seal.hexdigest()


def _undecoded(rows: Table | Dataset) -> Table | Dataset:
    if isinstance(rows, Table):
        return rows
    from datasets import Image

    rows = rows.with_format(None)  # what a transform makes of them has no content
    for name, feature in rows.features.items():
        if isinstance(feature, Image):
            rows = rows.cast_column(name, Image(decode=False))
    return rows


def stored(value: Any) -> bytes:
    """Return a value as bytes, with its length before it."""
    if isinstance(value, dict) and {*value} == {"bytes", "path"}:
        value = value["bytes"] or Path(value["path"]).read_bytes()
    encoded = value if isinstance(value, bytes) else repr(value).encode()
    return f"{len(encoded)}:".encode() + encoded


def with_validation_split(
    splits: DatasetSplits, val_fraction: float, *, seed: int
) -> DatasetSplits:
    """Return the data with a validation split, made from training rows.

    The split is stratified by class. Of a time series, the last rows are held out.
    Raises DataError.
    """
    rows = splits.training
    if splits.timed:
        border = len(rows) - max(1, round(val_fraction * len(rows)))
        if border < 1:
            raise DataError(
                f"{len(rows)} window of the series is too few: the last is held back "
                "for validation, so give more rows, or validation rows."
            )
        order = range(len(rows))
        fitting, validation = rows.pick(order[:border]), rows.pick(order[border:])
    else:
        fitting, validation = train_val_split(
            rows,
            val_fraction,
            seed=seed,
            stratified=splits.kind.stratified,
            labels=splits.labels,
        )
    return replace(splits, training=fitting, validation=validation)


def train_val_split(
    rows: LabeledExamples,
    val_fraction: float,
    *,
    seed: int,
    stratified: bool,
    labels: Sequence[str] = (),
) -> tuple[LabeledExamples, LabeledExamples]:
    """Return the training rows, and a random share of them held out for validation.

    With `stratified`, this is done for each class, with at least one row of each.
    `labels` are their names. Raises DataError, which names the classes that are too
    small.
    """
    drawing = random.Random(seed)
    groups: dict[float, list[int]] = defaultdict(list)
    for row, target in enumerate(rows.targets):
        groups[target if stratified else 0.0].append(row)
    borders = {
        key: max(1, round(val_fraction * len(group))) for key, group in groups.items()
    }
    small = [key for key, group in groups.items() if borders[key] >= len(group)]
    if small:
        raise DataError(_too_few(groups, sorted(small), labels if stratified else ()))
    fitting: list[int] = []
    validation: list[int] = []
    for key, group in sorted(groups.items()):
        drawing.shuffle(group)
        validation += group[: borders[key]]
        fitting += group[borders[key] :]
    return rows.pick(sorted(fitting)), rows.pick(sorted(validation))


def _too_few(
    groups: Mapping[float, Sequence[int]], small: Sequence[float], labels: Sequence[str]
) -> str:
    def counted(key: float) -> str:
        count = len(groups[key])
        rows = "1 row" if count == 1 else f"{count} rows"
        return f"{rows} of {labels[int(key)]}" if labels else rows

    listed = some([counted(key) for key in small])
    one = len(small) == 1 and len(groups[small[0]]) == 1
    held = "of each class a part is" if labels else "a part is"
    return (
        f"{listed} {'is' if one else 'are'} too few: {held} held back for validation, "
        "at least one row. Give more, or validation rows."
    )
