"""A table row in, a number out. The Hub's tag is tabular-regression."""

from typing import Any

from torch import Tensor

from zoo.specs import NumberOutput
from zoo.tasks import _regression as _numbers
from zoo.tasks import _tabular as _rows
from zoo.tasks.results.vision import Result

__all__ = ["batch", "items", "loss", "measure", "opened", "results", "suspicion"]

items, opened, batch = _rows.items, _rows.opened, _rows.batch
suspicion = _rows.suspicion
loss, measure = _numbers.loss, _numbers.measure


def results(
    output: Tensor, opened: list[Any], output_spec: NumberOutput
) -> list[Result]:
    """Return a number for each row."""
    return _numbers.results(output, [None] * len(opened), output_spec)
