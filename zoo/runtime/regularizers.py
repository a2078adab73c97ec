"""Penalties that are added to a loss, and bounds that are kept after a step."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

__all__ = ["l1", "l2", "max_norm_"]


def l1(parameters: Iterable[Tensor]) -> Tensor:
    """Return the sum of absolute values: of weights, or of activities."""
    return sum((tensor.abs().sum() for tensor in parameters), torch.zeros(()))


def l2(parameters: Iterable[Tensor]) -> Tensor:
    """Return the sum of squares, without a half: the gradient of w is 2 w."""
    return sum((tensor.square().sum() for tensor in parameters), torch.zeros(()))


@torch.no_grad()
def max_norm_(layer: nn.Linear, bound: float) -> None:
    """Shorten the weights that come into a unit where they are longer than `bound`."""
    layer.weight.copy_(layer.weight.renorm(2, 0, bound))
