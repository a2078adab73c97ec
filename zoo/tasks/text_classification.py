"""A text in, one label out. The Hub's tag is text-classification."""

from typing import Any

from torch import Tensor

from zoo import texts
from zoo.results import Result
from zoo.specs import ClassOutput
from zoo.tasks import _classes

__all__ = ["batch", "items", "loss", "measure", "opened", "results", "suspicion"]

items, opened, suspicion = texts.items, texts.opened, texts.suspicion
batch = texts.batch
loss, measure = _classes.loss, _classes.measure


def results(output: Tensor, opened: list[Any], meaning: ClassOutput) -> list[Result]:
    """Return a label for each text."""
    return _classes.results(output, [None] * len(opened), meaning)
