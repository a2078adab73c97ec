"""Activations by name, so that a recipe's settings can choose them."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from zoo.runtime.choices import find_choice

__all__ = ["ACTIVATIONS", "Step", "activation"]


class Step(nn.Module):
    """One from zero on, else zero: the first activation, which has no gradient."""

    def forward(self, given: Tensor) -> Tensor:
        return (given >= 0).to(given.dtype)


ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "step": Step,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(0.01),
    "prelu": nn.PReLU,
    "softmax": lambda: nn.Softmax(dim=-1),  # over the labels, never over the rows
}


def activation(name: str) -> nn.Module:
    """Return a new activation layer."""
    made: nn.Module = find_choice("activation", name, ACTIVATIONS)()
    return made
