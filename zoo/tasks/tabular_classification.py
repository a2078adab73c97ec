"""A table row in, a label out. The Hub's tag is tabular-classification."""

from typing import Any

from torch import Tensor

from zoo import tables
from zoo.results import Result
from zoo.specs import ClassOutput, TabularInput
from zoo.tasks import _classes

__all__ = ["batch", "items", "measure", "opened", "results", "suspicion"]

measure = _classes.measure


def items(raw: Any, expected: TabularInput) -> tuple[list[Any], bool]:
    """Take a row or rows in any form `zoo.tables` reads."""
    found, single = tables.rows(raw, expected)
    return list(found), single


def opened(item: Any, expected: TabularInput) -> Any:
    """Return the row, which `items` has read already."""
    return item


def batch(opened: list[Any], expected: TabularInput) -> Tensor:
    """Return rows as (B, columns)."""
    return tables.stack(opened)


def suspicion(batch: Tensor, expected: TabularInput) -> tuple[str, str] | None:
    """See `zoo.tables.suspicion`."""
    return tables.suspicion(batch, expected)


def results(output: Tensor, opened: list[Any], meaning: ClassOutput) -> list[Result]:
    """Return a label for each row."""
    return _classes.results(output, [None] * len(opened), meaning)
