"""A linear layer on rows that stay where they are: some of many, a block at a time."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

__all__ = ["BLOCK_ROWS", "SelectedRows", "blocks", "linear_of_rows"]

BLOCK_ROWS = 16_384


class SelectedRows:
    """Some rows of a matrix, which are copied a block at a time into the same memory.

    `features`, (all rows, numbers), may be mapped from a file, and `rows` says which of
    them by number. Each block is copied over the last one: memory that is taken and
    given back thousands of times leaves holes between which nothing fits.

        rows = SelectedRows(torch.eye(3), torch.tensor([2, 0]))
        ((part, block),) = rows.blocks()  # slice(0, 2), and the last and first row
    """

    def __init__(self, features: Tensor, rows: Tensor) -> None:
        self.features, self.rows = features, rows
        size = min(BLOCK_ROWS, len(rows)), features.shape[1]
        self._copied = features.new_empty(size)

    def __len__(self) -> int:
        return len(self.rows)

    def blocks(self) -> Iterator[tuple[slice, Tensor]]:
        """Yield a slice of the selected rows and those rows, until the next is asked
        for."""
        for part in blocks(len(self.rows)):
            chosen = self.rows[part]
            copied = self._copied[: len(chosen)]
            yield part, torch.index_select(self.features, 0, chosen, out=copied)


def linear_of_rows(rows: SelectedRows, weight: Tensor, bias: Tensor) -> Tensor:
    """Return `rows @ weight.T + bias`, (rows, classes), with its gradients.

    Only a block of the rows is copied at a time, forward and backward.

    >>> rows = SelectedRows(torch.eye(3), torch.tensor([2, 0]))
    >>> linear_of_rows(rows, torch.ones(2, 3), torch.zeros(2)).shape
    torch.Size([2, 2])
    """
    product: Tensor = _LinearOfRows.apply(rows, weight)
    return product + bias


class _LinearOfRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: SelectedRows, weight: Tensor) -> Tensor:
        ctx.given = rows
        output = weight.new_empty(len(rows), len(weight))
        for part, block in rows.blocks():
            torch.mm(block, weight.T, out=output[part])
        return output

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor]:
        (grad,) = grads
        of_weight = grad.new_zeros(grad.shape[1], ctx.given.features.shape[1])
        for part, block in ctx.given.blocks():
            of_weight.addmm_(grad[part].T, block)
        return None, of_weight


def blocks(rows: int) -> Iterator[slice]:
    """Yield slices of so many rows."""
    for start in range(0, rows, BLOCK_ROWS):
        yield slice(start, start + BLOCK_ROWS)
