"""One sigmoid neuron with its gradient written out, all of it in this file.

Rumelhart, Hinton, Williams: "Learning representations by back-propagating errors",
1986, equations 1 to 8 for a single unit.
"""

import torch
from torch import Tensor, nn

__all__ = ["Neuron", "neuron"]


class Neuron(nn.Module):
    """y = sigmoid(w x + b); the forward pass gives w x + b, the logit."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, row: Tensor) -> Tensor:
        """Turn two numbers, (B, 2), into a logit, (B, 1)."""
        return (row @ self.weight + self.bias).unsqueeze(1)

    @torch.no_grad()
    def gradient_step(self, row: Tensor, target: Tensor, *, lr: float) -> float:
        """Take a step of gradient descent on all rows; return the error before it.

        E = 1/2 sum (y - t)^2 gives dE/dw = sum (y - t) y (1 - y) x. The course's
        notebook adds this gradient where it must be subtracted.
        """
        output = self(row)[:, 0].sigmoid()  # equations 1 and 2
        error = output - target  # dE/dy, equation 4
        gradient = error * output * (1 - output)  # dE/dz, equation 5
        self.weight.sub_(lr * gradient @ row)  # dE/dw, equations 6 and 8
        self.bias.sub_(lr * gradient.sum())
        squared: float = (error**2).sum().item()
        return squared / 2  # E, equation 3


def neuron() -> Neuron:
    """A neuron of two inputs with random weights."""
    return Neuron()
