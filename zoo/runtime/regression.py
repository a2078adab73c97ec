"""From a model's output to one number a row, and the metrics of regression."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.rows import predict_batches, spec_of
from zoo.runtime.user_warnings import warn_user

__all__ = ["evaluate", "metrics", "numbers", "predict", "results"]

ONE_ROW = "R2 is not defined on one row, and is left out of the metrics."
NOTHING = 1e-4  # a sum of squares that counts as zero


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the prediction for each row of a batch; see `results`."""
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, spec_of(model).output)


def results(output: Tensor, output_spec: Any) -> list[dict[str, Any]]:
    """Return the number of each row, its name and its unit."""
    values = numbers(output, output_spec)
    if not values.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    name_and_unit = {"name": output_spec.name, "unit": output_spec.unit}
    return [{"value": value, **name_and_unit} for value in values.tolist()]


def numbers(output: Tensor, output_spec: Any) -> Tensor:
    """Return one number a row, (batch,), of an output (batch, 1) or (batch,)."""
    output = output.double()
    if output.ndim == 2 and output.shape[1] == 1:
        return output[:, 0]
    if output.ndim == 1:
        return output
    expected = (
        f"the one number of a row, but the model's output is {tuple(output.shape)}"
    )
    raise SpecError("NumberOutput", "name", output_spec.name, expected)


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return RMSE, MAE and R2 of a model of one number on rows, in eval mode."""
    return metrics(predict_batches(model, rows), rows.target)


def metrics(output: Tensor, target: Tensor) -> dict[str, float]:
    """Return RMSE and MAE, in the number's unit, and the variance explained, R2.

    Both are one number a row. R2 is 1 where nothing is off, and otherwise 0 where the
    true numbers are all the same. Of one row there is none: it is left out, which is
    warned of.
    """
    # (B, 1) against (B,) would broadcast to B x B: both are brought to (B,).
    predicted, true = output.double().flatten(), target.double().flatten()
    error, count = true - predicted, len(true)
    squares = torch.sum(error * error)
    found = {
        "rmse": torch.sqrt(squares / count).item(),
        "mae": (torch.sum(error.abs()) / count).item(),
    }
    if count < 2:
        warn_user(ONE_ROW)
        return found
    return {**found, "r2": _r2(squares.item(), true)}


def _r2(squares: float, true: Tensor) -> float:
    total = torch.sum(true)
    spread = (torch.sum(true * true) - total * (total / len(true))).item()
    if abs(squares) <= NOTHING:
        return 1.0
    return 1 - squares / spread if abs(spread) > NOTHING else 0.0
