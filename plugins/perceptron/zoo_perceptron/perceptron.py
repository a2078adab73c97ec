"""Rosenblatt's perceptron, all of it in this file.

Rosenblatt: "The perceptron: a probabilistic model for information storage and
organization in the brain", 1958. One unit per output, which is 1 when w x + b >= 0.
"""

from itertools import product

import torch
from torch import Tensor, nn

__all__ = ["Perceptron", "best_accuracy", "perceptron"]


class Perceptron(nn.Module):
    """A row of step units that share their inputs."""

    def __init__(self, *, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, row: Tensor) -> Tensor:
        """Turn numbers, (B, inputs), into outputs 0 or 1, (B, outputs)."""
        return (row @ self.weight.T + self.bias >= 0).to(row.dtype)

    @torch.no_grad()
    def update(self, row: Tensor, target: Tensor, *, lr: float) -> int:
        """Apply the perceptron rule to one row; return how many units were wrong.

        w <- w + lr (target - output) x, and the same for b with x = 1. `row` is
        (inputs,), `target` (outputs,) of 0 and 1.
        """
        error = target - self(row.unsqueeze(0))[0]
        self.weight.add_(lr * error[:, None] * row)
        self.bias.add_(lr * error)
        return int(error.abs().sum())


def perceptron(*, inputs: int = 2, outputs: int = 1) -> Perceptron:
    """A perceptron whose weights start at zero, as the course's do."""
    return Perceptron(inputs=inputs, outputs=outputs)


@torch.no_grad()
def best_accuracy(row: Tensor, target: Tensor) -> float:
    """Return the best accuracy that any single perceptron of two bits reaches.

    These 63 perceptrons have every line that separates the corners of the square.
    `target` is (rows,) of 0 and 1.
    """
    model, best = perceptron(), 0.0
    biases = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
    for first, second, bias in product((-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0), biases):
        model.weight.copy_(torch.tensor([[first, second]]))
        model.bias.fill_(bias)
        accuracy = (model(row)[:, 0] == target).float().mean().item()
        best = max(best, accuracy)
    return best
