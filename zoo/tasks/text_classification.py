"""A text in, one label out. The Hub's tag is text-classification."""

from typing import Any

from torch import Tensor

from zoo.preprocessing import text as texts
from zoo.specs import ClassOutput
from zoo.tasks import _classification as _classes
from zoo.tasks.results.vision import Result

__all__ = ["batch", "items", "loss", "measure", "opened", "results", "suspicion"]

items, opened, suspicion = texts.items, texts.opened, texts.suspicion
batch = texts.batch
loss, measure = _classes.loss, _classes.measure


def results(
    output: Tensor, opened: list[Any], output_spec: ClassOutput
) -> list[Result]:
    """Return a label for each text."""
    return _classes.results(output, [None] * len(opened), output_spec)
