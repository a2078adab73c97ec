"""How far numbers that a model gives are from the true ones."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.rows import predict_batches, spec_of, to_model_input

__all__ = ["evaluate", "metrics"]

NOTHING = 1e-4  # a sum of squares that counts as zero


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return RMSE, MAE and R2 of a model of one number on rows, in eval mode."""
    spec = spec_of(model)
    parts = (to_model_input(part, spec.input) for part in rows.in_order())
    return metrics(
        torch.cat([predict_batches(model, part) for part in parts]), rows.target
    )


def metrics(output: Tensor, target: Tensor) -> dict[str, float]:
    """Return RMSE and MAE, in the number's unit, and the variance explained, R2.

    Both are one number a row. R2 is 1 where nothing is off, and otherwise 0 where the
    true numbers are all the same.
    """
    # (B, 1) against (B,) would broadcast to B x B: both are brought to (B,).
    predicted, true = output.double().flatten(), target.double().flatten()
    error, count = true - predicted, len(true)
    squares = torch.sum(error * error)
    return {
        "rmse": torch.sqrt(squares / count).item(),
        "mae": (torch.sum(error.abs()) / count).item(),
        "r2": _r2(squares.item(), true),
    }


def _r2(squares: float, true: Tensor) -> float:
    total = torch.sum(true)
    spread = (torch.sum(true * true) - total * (total / len(true))).item()
    if abs(squares) <= NOTHING:
        return 1.0
    return 1 - squares / spread if abs(spread) > NOTHING else 0.0
