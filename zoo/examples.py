"""Raw inputs with their targets, not opened yet, in parts. Does not know torch."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Column", "Examples", "Gathered", "part"]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Raw inputs, one target each, and a name for each that a message can show."""

    items: Sequence[Any]
    targets: tuple[float, ...]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.targets)

    def pick(self, rows: Sequence[int]) -> Examples:
        """Return some of the rows, in this order."""
        held = self.items
        lazy = held.pick(rows) if isinstance(held, Column) else None
        return Examples(
            items=[held[row] for row in rows] if lazy is None else lazy,
            targets=tuple(self.targets[row] for row in rows),
            names=[self.names[row] for row in rows],
        )


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What was found: `labels` are the classes, or none where targets are numbers."""

    source: str
    labels: tuple[str, ...]
    training: Examples
    validation: Examples | None = None
    test: Examples | None = None

    def parts(self) -> dict[str, Examples]:
        """Return the parts that there are, by name."""
        held = {"training": self.training, "validation": self.validation}
        held["test"] = self.test
        return {name: rows for name, rows in held.items() if rows is not None}

    def counts(self) -> dict[str, int]:
        """Return how many training rows there are of each class."""
        counted = Counter(int(target) for target in self.training.targets)
        return {label: counted[number] for number, label in enumerate(self.labels)}


class Column(Sequence[Any]):
    """Rows of a dataset, whole or one column of them, decoded when asked for."""

    def __init__(
        self, rows: Dataset, name: str | None, picked: Sequence[int] | None = None
    ) -> None:
        self.rows, self.name = rows, name
        self.picked = range(len(rows)) if picked is None else picked

    def __len__(self) -> int:
        return len(self.picked)

    def __getitem__(self, row: Any) -> Any:
        found = self.rows[int(self.picked[row])]
        return found if self.name is None else found[self.name]

    def pick(self, rows: Sequence[int]) -> Column:
        """Return some of the rows, in this order."""
        return Column(self.rows, self.name, [self.picked[row] for row in rows])

    @property
    def content(self) -> str:
        """What is different where the rows are."""
        return repr((self.rows._fingerprint, self.name, list(self.picked)))


def part(
    rows: Examples, holding: float, *, seed: int, stratified: bool
) -> tuple[Examples, Examples]:
    """Return the rows to fit, and a share of them held back for validation.

    With `stratified`, of each class its share, and at least one row. Raises DataError.
    """
    drawing = random.Random(seed)
    groups: dict[float, list[int]] = defaultdict(list)
    for row, target in enumerate(rows.targets):
        groups[target if stratified else 0.0].append(row)
    fitting: list[int] = []
    held: list[int] = []
    for _, group in sorted(groups.items()):
        drawing.shuffle(group)
        border = max(1, round(holding * len(group)))
        if border >= len(group):
            raise DataError(
                f"{len(rows)} rows are too few: of each class one is held back for "
                "validation, so give at least two of each, or validation rows."
            )
        held += group[:border]
        fitting += group[border:]
    return rows.pick(sorted(fitting)), rows.pick(sorted(held))
