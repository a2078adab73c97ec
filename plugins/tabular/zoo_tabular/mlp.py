"""A multilayer perceptron over a table row, all of it in this file.

Rumelhart, Hinton, Williams: "Learning representations by back-propagating errors",
1986. The scales of the training rows are part of the model, as buffers: it takes and
gives numbers in their own units, and nobody has to remember how they were scaled.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["Scale", "TabularMLP", "tabular_mlp"]


class Scale(nn.Module):
    """Numbers in their own units, and the same at mean 0 and deviation 1."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))

    def forward(self, value: Tensor) -> Tensor:
        return (value - self.mean) / self.deviation

    def undo(self, scaled: Tensor) -> Tensor:
        return scaled * self.deviation + self.mean

    def learn(self, value: Tensor) -> None:
        """Take the scale of training values, (rows, width)."""
        deviation, mean = torch.std_mean(value.double(), dim=0, correction=0)
        self.mean.copy_(mean)
        # A column that never changes tells nothing: it is centred and left alone.
        self.deviation.copy_(deviation.masked_fill(deviation == 0, 1.0))


class TabularMLP(nn.Module):
    """Scaled inputs, hidden layers, an output, and that brought back to its unit."""

    def __init__(
        self,
        *,
        inputs: int,
        hidden: Sequence[int],
        activation: Literal["relu", "sigmoid"],
        bounded: bool,
        dropout: float,
        classes: int,
    ) -> None:
        super().__init__()
        widths = (inputs, *hidden)
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            bend = nn.Sigmoid() if activation == "sigmoid" else nn.ReLU()
            layers += [nn.Linear(fan_in, fan_out), bend, nn.Dropout(dropout)]
        self.scale = Scale(inputs)
        self.body = nn.Sequential(*layers)
        self.output = nn.Linear(widths[-1], classes)
        self.bound = nn.Sigmoid() if bounded else nn.Identity()
        self.unit = Scale(1)

    def forward(self, row: Tensor) -> Tensor:
        """Turn numbers, (B, inputs), into a number or logits, (B, classes)."""
        features = self.body(self.scale(row))
        return self.unit.undo(self.bound(self.output(features)))


def tabular_mlp(
    *,
    inputs: int,
    hidden: Sequence[int] = (64, 64),
    activation: Literal["relu", "sigmoid"] = "relu",
    bounded: bool = False,
    dropout: float = 0.0,
    classes: int = 1,
) -> TabularMLP:
    """An MLP with hidden layers of these widths; `bounded` keeps its output in 0..1.

    It gives one number: of two classes that is a logit. A new head for other classes
    gives as many as there are.
    """
    return TabularMLP(
        inputs=inputs,
        hidden=hidden,
        activation=activation,
        bounded=bounded,
        dropout=dropout,
        classes=classes,
    )
