"""What every task on table rows shares: any form of a row becomes a batch."""

from typing import Any

from torch import Tensor

from zoo.preprocessing import tabular as tables
from zoo.specs import TabularInput

__all__ = ["batch", "items", "opened", "suspicion"]


def items(raw: Any, input_spec: TabularInput) -> tuple[list[Any], bool]:
    """Take a row or rows in any form `zoo.preprocessing.tabular` reads."""
    found, single = tables.rows(raw, input_spec)
    return list(found), single


def opened(item: Any, input_spec: TabularInput) -> Any:
    """Return the row, which `items` has read already."""
    return item


def batch(opened: list[Any], input_spec: TabularInput) -> Tensor:
    """Return rows as (B, columns)."""
    return tables.stack(opened)


def suspicion(batch: Tensor, input_spec: TabularInput) -> tuple[str, str] | None:
    """See `zoo.preprocessing.tabular.suspicion`."""
    return tables.suspicion(batch, input_spec)
