"""Sliding windows of a time series table, and the values that follow them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zoo._utils.shown import counted
from zoo.datasets.custom.examples import Column
from zoo.datasets.custom.tables import column_notes, places, plain_columns, total_notes
from zoo.errors import DataError
from zoo.runtime.odd_rows import series_problem
from zoo.runtime.table import Table
from zoo.runtime.time_order import dated_columns, time_order
from zoo.specs import Input
from zoo.tasks.targets.base import Rows

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Windows", "windows"]


class Windows(Column):
    """Windows of `length` rows with stride 1, as columns of numbers."""

    timed = True

    def __init__(
        self,
        rows: Table | Dataset,
        length: int,
        picked: Sequence[int] | None = None,
        source: str = "",
    ) -> None:
        starts = range(len(rows) - length + 1) if picked is None else picked
        super().__init__(rows, None, starts, source)
        self.length = length

    def __getitem__(self, row: Any) -> Any:
        start = int(self.picked[row])
        return self.rows[start : start + self.length]

    def pick(self, rows: Sequence[int]) -> Windows:
        """Return some of the windows, in this order."""
        picked = [self.picked[row] for row in rows]
        return Windows(self.rows, self.length, picked, self.source)

    def placed(self, row: int) -> Any:
        """Return a window as a table that knows where its rows stand."""
        return self._table(row, self.length)

    def contents(self) -> Iterator[Sequence[Any]]:
        """Yield the values of each window."""
        for row in range(len(self)):
            yield list(self[row].values())

    def last(self, name: str) -> list[float]:
        """Return the number of a column in the last row of each window."""
        values = self.rows[name]
        return [float(values[start + self.length - 1]) for start in self.picked]


def windows(
    source: str,
    rows: Table | Dataset,
    inputs: Table | Dataset,
    input_spec: Input,
    target: str,
    horizon: int,
) -> Rows:
    """Return every window of the rows of `inputs` that a model looks at, each with
    the `horizon` values of `target` that follow it.

    Raises DataError where the table is too short for one, and where dates say that its
    rows are not in the order of time, the oldest first.
    """
    length = input_spec.window or 1
    count = len(rows) - length - horizon + 1
    if count < 1:
        raise DataError(
            f"{source} has {counted(len(rows), 'row')}, and this model needs "
            f"{length + horizon}: it looks back on {length} and says what comes next."
        )
    each = inputs.column_names
    notes = _check_order(source, rows, each)
    if isinstance(inputs, Table) or inputs.format["type"] is None:
        notes += column_notes(source, inputs, input_spec, but=target)
        notes += total_notes(source, rows, [*dict.fromkeys([*each, target])])
    values, after = rows[target], range(length, length + count)
    targets = [
        values[row] if horizon == 1 else tuple(values[row : row + horizon])
        for row in after
    ]
    where = places(rows)
    names = [where[row] for row in after]  # the first that is forecast
    return Rows(Windows(inputs, length, range(count), source), targets, names, notes)


def _check_order(source: str, rows: Table | Dataset, taken: Sequence[str]) -> list[str]:
    """Refuse rows of several series, and those that are not in the order of time.

    Return what can't be told, and which times come twice or are missing. `taken` are
    the columns of the model.
    """
    columns = {name: rows[name] for name in dated_columns(rows.column_names)}
    times = rows.times if isinstance(rows, Table) else None
    names = plain_columns(rows)
    if problem := series_problem(names, rows.__getitem__, times, taken):
        raise DataError(f"{source}: {problem}")
    found = time_order(columns, times, places(rows))
    if found.direction in ("back", "mixed"):
        raise DataError(f"{source}: {found.problem}")
    if found.direction == "forward":
        return [f"{source}: {note}" for note in found.notes]
    return [
        f"{source}: {found.problem}"
        if found.problem
        else f"{source} has no column of dates: its rows are taken to be in the order "
        "of time, the oldest first."
    ]
