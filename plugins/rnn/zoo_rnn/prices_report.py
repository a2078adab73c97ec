"""What the card of the price forecast tells: baselines, measurements, a figure."""

from typing import Any

import torch
from torch import Tensor

from zoo import ForecastOutput, Run
from zoo.recipes import TensorRows, baselines, predict_batches
from zoo.recipes.metrics import FORECASTING
from zoo_rnn.plots import forecast
from zoo_rnn.prices import PriceRNN
from zoo_rnn.prices_recipe import DATASET, data, evaluate

__all__ = ["report"]


def report(model: PriceRNN, run: Run) -> None:
    """Add baselines and the figures of the card to the run."""
    training, test = data(run, "train"), data(run, "test")
    target = model.target_column
    last, training_last = test.input[:, -1, target], training.input[:, -1, target]
    predicted = predict_batches(model, test.input)
    output_spec = run.spec.output
    assert isinstance(output_spec, ForecastOutput), "the model here forecasts"
    metrics = FORECASTING.compute_metrics
    run.log_baseline("persistence", **metrics(last[:, None], test.target, output_spec))
    drift = (training.target / training_last).mean()
    run.log_baseline(
        "mean change", **metrics(last[:, None] * drift, test.target, output_spec)
    )
    linear = _least_squares(training, test, target)
    run.log_baseline("least squares", **metrics(linear, test.target, output_spec))
    rising, predicted_rising = test.target > last, predicted[:, 0] > last
    validation = (
        training[len(training) - run.split_sizes[1] :] if run.split_sizes else test
    )
    persistence = validation.input[:, -1:, target]
    run.log_summary(
        validation_rmse=evaluate(model, validation)["rmse"],
        validation_persistence_rmse=metrics(
            persistence, validation.target, output_spec
        )["rmse"],
        rmse_ratio=evaluate(model, test)["rmse"] / run.baselines["persistence"]["rmse"],
        direction_accuracy=(predicted_rising == rising).float().mean().item(),
        rising_fraction=rising.float().mean().item(),
        predicted_rising_fraction=predicted_rising.float().mean().item(),
        max_predicted_change=(predicted[:, 0] / last - 1).abs().max().item(),
        same_day_rmse=_same_day_rmse(run),
        return_std=model.return_std.item(),
        best_epoch=min(run.history, key=lambda row: row["rmse"])["epoch"],
    )
    run.log_figure(
        "forecast",
        forecast(test.target, predicted[:, 0], last, "close, dollars"),
        "The test days, the first of them enlarged: the forecast is the day before.",
    )


def _least_squares(training: TensorRows, test: TensorRows, target: int) -> Tensor:
    """Return the least-squares forecast of the change, from all changes of a window."""

    def changes(rows: TensorRows) -> tuple[Tensor, Tensor]:
        last = rows.input[:, -1, target].double()
        return (rows.input / last[:, None, None] - 1).flatten(1), last

    features, training_last = changes(training)
    test_features, last = changes(test)
    change = training.target / training_last - 1
    weight = torch.linalg.lstsq(_with_intercept(features), change[:, None]).solution
    predicted: Tensor = last[:, None] * (1 + _with_intercept(test_features) @ weight)
    return predicted


def _with_intercept(features: Tensor) -> Tensor:
    return torch.cat([features, torch.ones(len(features), 1).double()], dim=1)


def _same_day_rmse(run: Run) -> float:
    """Return the error of least squares at the course's question: a day's close from
    the open, high and low of that same day.
    """
    columns: dict[str, Any] = {"columns": ("open", "high", "low"), "target": "close"}
    training, test = (
        run.load_rows(DATASET, split, **columns) for split in ("train", "test")
    )
    if training.input.ndim == 3:  # noise, which has no days
        return 0.0
    return baselines.least_squares(training, test)["rmse"]
