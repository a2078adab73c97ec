"""Losses by name, so that a recipe's settings can choose them."""

from collections.abc import Callable, Mapping

from torch import Tensor
from torch.nn import functional

from zoo.runtime.choices import find_choice

__all__ = ["LOSSES", "loss"]

Loss = Callable[[Tensor, Tensor], Tensor]


def _rmse(given: Tensor, target: Tensor) -> Tensor:
    return functional.mse_loss(given, target).sqrt()


def _msle(given: Tensor, target: Tensor) -> Tensor:
    """Compare the logarithms of one more than each: for targets of many sizes."""
    return functional.mse_loss(given.log1p(), target.log1p())


def _kl(given: Tensor, target: Tensor) -> Tensor:
    """Compare logits with probabilities, in nats a row."""
    logarithm = given.log_softmax(dim=-1)
    return functional.kl_div(logarithm, target, reduction="batchmean")


# Cross-entropies take logits: a sigmoid or softmax before them loses digits.
LOSSES: Mapping[str, Loss] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "rmse": _rmse,
    "msle": _msle,
    "bce": functional.binary_cross_entropy_with_logits,
    "ce": functional.cross_entropy,
    "kl": _kl,
}


def loss(name: str) -> Loss:
    """Return a function of (given, target), the mean over rows.

    "bce" and "ce" take logits, "kl" takes logits and probabilities.
    """
    function: Loss = find_choice("loss", name, LOSSES)
    return function
