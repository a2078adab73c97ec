"""Train a recurrent network to forecast tomorrow's close from thirty days of prices.

Read it from top to bottom: settings, data, training, evaluation. Days follow each other
in time, so the validation rows are the last of the training split, and the epoch is
chosen on them; the test split comes after both and is used once. Optimizer, learning
rate and batch size are the course's.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from zoo import ForecastOutput, Run, SeriesInput
from zoo.recipes import TensorRows, baselines, evaluate, predict_batches
from zoo.recipes.metrics import FORECASTING
from zoo_rnn import plots
from zoo_rnn.prices import PriceRNN

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

DATASET = "netflix_stock"


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 200
    patience: int = 20  # epochs without a lower validation error
    batch_size: int = 32
    lr: float = 1e-4
    val_fraction: float = 0.1  # of the training windows, the last ones


SMOKE_SETTINGS = {"epochs": 1}


def data(run: Run, split: str) -> TensorRows:
    """Return windows of days, the oldest first, and the close of the day after each.

    A test window may begin in the training split: those days are past by then.
    """
    input_spec = run.spec.input
    assert isinstance(input_spec, SeriesInput), "the model here reads a series"
    columns = tuple(column.name for column in input_spec.columns)
    days = run.load_rows(DATASET, split, columns=columns, target="close")
    if days.input.ndim == 3:  # noise, in a smoke run without the data
        return replace(days, timed=True)
    price, close = days.input, days.target
    if split == "test":
        earlier = run.load_rows(DATASET, "train", columns=columns, target="close")
        price = torch.cat([earlier.input[-input_spec.length :], price])
        close = torch.cat([earlier.target[-input_spec.length :], close])
    windows = price.unfold(0, input_spec.length, 1)[:-1].transpose(1, 2).contiguous()
    return replace(days, input=windows, target=close[input_spec.length :], timed=True)


def train(settings: Settings, run: Run) -> nn.Module:
    training, validation = run.split(data(run, "train"), settings.val_fraction)
    unwrapped: PriceRNN = run.build()
    unwrapped.fit_scale(training.input)
    model = run.prepare(unwrapped)
    optimizer = run.prepare(torch.optim.Adam(model.parameters(), lr=settings.lr))
    for _ in run.epochs(settings.epochs, patience=settings.patience):
        model.train()
        for price, close in run.batches(training, settings.batch_size):
            # The squared error of the scaled return, so that a year of high prices
            # counts as much as one of low prices.
            unit = price[:, -1, unwrapped.target_column] * unwrapped.return_std
            loss = ((model(price)[:, 0] - close) / unit).square().mean()
            run.step(loss.float(), optimizer)
        run.log(evaluate(model, validation), best="rmse")
    return run.best(model)


def report(model: PriceRNN, run: Run) -> None:
    """Add baselines and the figures of the card to the run."""
    training, test = data(run, "train"), data(run, "test")
    target = model.target_column
    last, training_last = test.input[:, -1, target], training.input[:, -1, target]
    predicted = predict_batches(model, test.input)
    output_spec = run.spec.output
    assert isinstance(output_spec, ForecastOutput), "the model here forecasts"
    off = FORECASTING.measure
    run.log_baseline("persistence", **off(last[:, None], test.target, output_spec))
    drift = (training.target / training_last).mean()
    run.log_baseline(
        "mean change", **off(last[:, None] * drift, test.target, output_spec)
    )
    linear = _least_squares(training, test, target)
    run.log_baseline("least squares", **off(linear, test.target, output_spec))
    rising, predicted_rising = test.target > last, predicted[:, 0] > last
    validation = (
        training[len(training) - run.split_sizes[1] :] if run.split_sizes else test
    )
    persistence = validation.input[:, -1:, target]
    run.log_summary(
        validation_rmse=evaluate(model, validation)["rmse"],
        validation_persistence_rmse=off(persistence, validation.target, output_spec)[
            "rmse"
        ],
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
        plots.forecast(test.target, predicted[:, 0], last, "close, dollars"),
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
    forecast: Tensor = last[:, None] * (1 + _with_intercept(test_features) @ weight)
    return forecast


def _with_intercept(features: Tensor) -> Tensor:
    return torch.cat([features, torch.ones(len(features), 1).double()], dim=1)


def _same_day_rmse(run: Run) -> float:
    """Return the error of least squares at the course's question: a day's close from
    the open, high and low of that same day.
    """
    columns = {"columns": ("open", "high", "low"), "target": "close"}
    training, test = (
        run.load_rows(DATASET, split, **columns) for split in ("train", "test")
    )
    if training.input.ndim == 3:  # noise, which has no days
        return 0.0
    return baselines.least_squares(training, test)["rmse"]
