"""The last rows of a series in, what comes next out. Tag: time-series-forecasting."""

from typing import Any

from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError, SpecError
from zoo.preprocessing import time_series as series
from zoo.preprocessing.time_series import Series
from zoo.specs import ForecastOutput
from zoo.tasks.results.vision import Forecast, Result

__all__ = ["batch", "items", "loss", "measure", "opened", "results", "suspicion"]

items, opened, suspicion = series.items, series.opened, series.suspicion
batch = series.batch


def results(
    output: Tensor, opened: list[Any], output_spec: ForecastOutput
) -> list[Result]:
    """Return a forecast for each series, beside what it follows upon."""
    values = _steps(output, output_spec)
    if not values.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    return [
        Forecast(
            values=tuple(row),
            name=output_spec.name,
            unit=output_spec.unit,
            history=one.column(output_spec.name) if isinstance(one, Series) else (),
        )
        for row, one in zip(values.tolist(), opened, strict=True)
    ]


def loss(
    output: Tensor,
    target: Tensor,
    output_spec: ForecastOutput,
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean squared error over all steps; there are no classes to weigh."""
    said = _steps(output, output_spec)
    return functional.mse_loss(said, target.to(said).view_as(said))


def measure(
    output: Tensor, target: Tensor, output_spec: ForecastOutput
) -> dict[str, float]:
    """Return RMSE and MAE over all steps, in the unit of what is forecast."""
    said = _steps(output, output_spec)
    off = said - target.to(said).view_as(said)
    return {
        "rmse": off.square().mean().sqrt().item(),
        "mae": off.abs().mean().item(),
    }


def _steps(output: Tensor, output_spec: ForecastOutput) -> Tensor:
    """Return a number for each step ahead, (batch, horizon), of a model's output."""
    if output.ndim != 2 or output.shape[1] != output_spec.horizon:
        wanted = f"that of the model's output, {tuple(output.shape)}"
        raise SpecError("ForecastOutput", "horizon", output_spec.horizon, wanted)
    return output.double()
