"""A cubic polynomial with its gradient written out, all of it in this file.

Its output is linear in its 4 weights, so this is least squares by gradient descent:
Legendre: "Nouvelles methodes pour la determination des orbites des cometes", 1805.
"""

import torch
from torch import Tensor, nn

__all__ = ["Cubic", "cubic"]


class Cubic(nn.Module):
    """y = a x^3 + b x^2 + c x + d; `weight` is (a, b, c, d)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4))

    def forward(self, row: Tensor) -> Tensor:
        """Turn one number, (B, 1), into one, (B, 1)."""
        return (powers(row) @ self.weight).unsqueeze(1)

    @torch.no_grad()
    def gradient_step(self, row: Tensor, target: Tensor, *, lr: float) -> float:
        """Take a step of gradient descent on all rows; return the error before it.

        E = sum (y - t)^2 gives dE/da = sum 2 (y - t) x^3, and so on down to d.
        """
        error = self(row)[:, 0] - target
        self.weight.sub_(lr * 2 * error @ powers(row))
        squared: float = error.square().sum().item()
        return squared


def powers(row: Tensor) -> Tensor:
    """Return x^3, x^2, x and 1, (B, 4), of x, (B, 1)."""
    return torch.cat([row**3, row**2, row, torch.ones_like(row)], dim=1)


def cubic() -> Cubic:
    """A cubic with random weights."""
    return Cubic()
