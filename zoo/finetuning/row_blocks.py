"""A linear layer on rows that stay where they are: some of many, a block at a time."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

__all__ = ["BLOCK_ROWS", "blocks", "linear_of_rows"]

BLOCK_ROWS = 16_384


def linear_of_rows(
    features: Tensor, rows: Tensor, weight: Tensor, bias: Tensor
) -> Tensor:
    """Return `features[rows] @ weight.T + bias`, (rows, classes), with its gradients.

    `features`, (all rows, numbers), may be mapped from a file: only a block of the rows
    is copied at a time, forward and backward.

    >>> features, rows = torch.eye(3), torch.tensor([2, 0])
    >>> linear_of_rows(features, rows, torch.ones(2, 3), torch.zeros(2)).shape
    torch.Size([2, 2])
    """
    product: Tensor = _LinearOfRows.apply(features, rows, weight)
    return product + bias


class _LinearOfRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, rows: Tensor, weight: Tensor) -> Tensor:
        ctx.features, ctx.rows = features, rows
        output = features.new_empty(len(rows), len(weight))
        for block in blocks(len(rows)):
            torch.mm(features[rows[block]], weight.T, out=output[block])
        return output

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, None, Tensor]:
        (grad,) = grads
        of_weight = grad.new_zeros(grad.shape[1], ctx.features.shape[1])
        for block in blocks(len(grad)):
            of_weight.addmm_(grad[block].T, ctx.features[ctx.rows[block]])
        return None, None, of_weight


def blocks(rows: int) -> Iterator[slice]:
    """Yield slices of so many rows."""
    for start in range(0, rows, BLOCK_ROWS):
        yield slice(start, start + BLOCK_ROWS)
