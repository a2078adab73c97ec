"""The last rows of a series in, what comes next out. Tag: time-series-forecasting."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from zoo.runtime import forecast_metrics, forecasting
from zoo.specs import ForecastOutput, SeriesInput
from zoo.tasks._task import Figures, RawRows, Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import Forecast
from zoo.tasks.targets.numbers import STEPS

__all__ = ["TASK"]


class TimeSeriesForecasting(Task[SeriesInput, ForecastOutput]):
    input_types = (SeriesInput,)
    output_types = (ForecastOutput,)
    metric = "rmse"

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: ForecastOutput
    ) -> list[Result]:
        """Return a forecast for each series, beside what it follows upon."""
        results = forecasting.results(output, opened, output_spec)
        return [Forecast(**one) for one in results]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: ForecastOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean squared error over all steps; there is nothing to weigh."""
        predicted = forecasting.steps(output, output_spec)
        return functional.mse_loss(predicted, target.to(predicted).view_as(predicted))

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: ForecastOutput
    ) -> dict[str, float]:
        """Return RMSE and MAE over all steps, in the unit of what is forecast."""
        predicted = forecasting.steps(output, output_spec)
        return forecast_metrics.metrics(predicted, target)

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: SeriesInput,
        output_spec: ForecastOutput,
    ) -> dict[str, Figures]:
        """Return forecasts that nothing changes, where the rows are windows of one
        table and the last value of what is forecast is among the inputs."""
        windows: Any = rows.items
        known = output_spec.name in input_spec.required_columns
        if not (known and getattr(windows, "timed", False)):
            return {}
        last = torch.tensor(windows.last(output_spec.name))
        still = last[:, None].expand(-1, output_spec.horizon)
        target = self.target_tensor(rows, input_spec, output_spec)
        return {"persistence": self.compute_metrics(still, target, output_spec)}

    def constant_loss(
        self, output: Tensor, target: Tensor, output_spec: ForecastOutput
    ) -> float:
        """Return that of the one step from the last value that is nearest to all."""
        true = target.view_as(output)
        last = true / torch.tensor(STEPS)[torch.arange(len(true)) % 2, None]
        step = (last * true).sum() / last.square().sum()
        return self.loss(last * step, target, output_spec).item()


TASK = TimeSeriesForecasting()
