"""How far the forecasts of a model are from what came next."""

from typing import Any

from torch import Tensor, nn

from zoo.runtime.rows import predict_batches


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return RMSE and MAE of a model on rows, in eval mode."""
    return metrics(predict_batches(model, rows), rows.target)


def metrics(output: Tensor, target: Tensor) -> dict[str, float]:
    """Return RMSE and MAE over all steps, in the unit of what is forecast.

    `output` is (rows, steps); `target` holds as many numbers.
    """
    error = output.double() - target.double().view_as(output)
    return {
        "rmse": error.square().mean().sqrt().item(),
        "mae": error.abs().mean().item(),
    }
