"""A table row in, a label out. The Hub's tag is tabular-classification."""

from typing import Any

from torch import Tensor

from zoo.specs import ClassOutput
from zoo.tasks import _classification as _classes
from zoo.tasks import _tabular as _rows
from zoo.tasks.results.vision import Result

__all__ = ["batch", "items", "loss", "measure", "opened", "results", "suspicion"]

items, opened, batch = _rows.items, _rows.opened, _rows.batch
suspicion = _rows.suspicion
loss, measure = _classes.loss, _classes.measure


def results(
    output: Tensor, opened: list[Any], output_spec: ClassOutput
) -> list[Result]:
    """Return a label for each row."""
    return _classes.results(output, [None] * len(opened), output_spec)
