"""Sliding windows of a time series table, and the values that follow them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoo.datasets.custom.examples import Column
from zoo.datasets.custom.tables import places
from zoo.errors import DataError
from zoo.runtime.table import Table
from zoo.tasks.targets.base import Rows

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Windows", "windows"]


class Windows(Column):
    """Windows of `length` rows with stride 1, as columns of numbers."""

    timed = True

    def __init__(
        self, rows: Table | Dataset, length: int, picked: Sequence[int] | None = None
    ) -> None:
        starts = range(len(rows) - length + 1) if picked is None else picked
        super().__init__(rows, None, starts)
        self.length = length

    def __getitem__(self, row: Any) -> Any:
        start = int(self.picked[row])
        return self.rows[start : start + self.length]

    def pick(self, rows: Sequence[int]) -> Windows:
        """Return some of the windows, in this order."""
        return Windows(self.rows, self.length, [self.picked[row] for row in rows])

    def last(self, name: str) -> list[float]:
        """Return the number of a column in the last row of each window."""
        values = self.rows[name]
        return [float(values[start + self.length - 1]) for start in self.picked]


def windows(
    source: str,
    rows: Table | Dataset,
    inputs: Table | Dataset,
    length: int,
    target: str,
    horizon: int,
) -> Rows:
    """Return every window of `length` rows of `inputs`, each with the `horizon` values
    of `target` that follow it.

    Raises DataError where the table is too short for one.
    """
    count = len(rows) - length - horizon + 1
    if count < 1:
        raise DataError(
            f"{source} has {len(rows)} rows, and this model needs {length + horizon}: "
            f"it looks back on {length} and says what comes next."
        )
    values, after = rows[target], range(length, length + count)
    targets = [
        values[row] if horizon == 1 else tuple(values[row : row + horizon])
        for row in after
    ]
    where = places(rows)
    names = [where[row] for row in after]  # the first that is forecast
    return Rows(Windows(inputs, length, range(count)), targets, names)
