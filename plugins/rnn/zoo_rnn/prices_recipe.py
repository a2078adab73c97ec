"""Train a recurrent network to say tomorrow's close from thirty days of prices.

Read it from top to bottom: settings, data, training, measuring. Days follow each other
in time, so the rows held back are the last of the training split, and the epoch is
chosen on them; the test split comes after both and is used once. Optimizer, step and
batch are the course's.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from zoo import ForecastOutput, Run, SeriesInput
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import baselines
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo.tasks.time_series_forecasting import TASK as FORECASTING
from zoo_rnn import drawing
from zoo_rnn.prices import PriceRNN

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

SET = "netflix_stock"


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 200
    patience: int = 20  # epochs without a better validation error
    batch: int = 32
    lr: float = 1e-4
    holding: float = 0.1  # share of the training windows, the last ones


SMOKE_SETTINGS = {"epochs": 1}


def data(run: Run, split: str) -> TensorRows:
    """Return windows of days, the oldest first, and the close of the day after each.

    A test window may begin in the training split: those days are past by then.
    """
    expected = run.spec.input
    assert isinstance(expected, SeriesInput), "the model here reads a series"
    columns = tuple(column.name for column in expected.columns)
    days = run.load_rows(SET, split, columns=columns, target="close")
    if days.input.ndim == 3:  # noise, of a smoke run without the data
        return replace(days, timed=True)
    price, close = days.input, days.target
    if split == "test":
        earlier = run.load_rows(SET, "train", columns=columns, target="close")
        price = torch.cat([earlier.input[-expected.length :], price])
        close = torch.cat([earlier.target[-expected.length :], close])
    windows = price.unfold(0, expected.length, 1)[:-1].transpose(1, 2).contiguous()
    return replace(days, input=windows, target=close[expected.length :], timed=True)


def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    bare: PriceRNN = run.build()
    bare.learn(fitting.input)
    model = run.prepare(bare)
    optimizer = run.prepare(torch.optim.Adam(model.parameters(), lr=settings.lr))
    for _ in run.epochs(settings.epochs, patience=settings.patience):
        model.train()
        for price, close in run.batches(fitting, settings.batch):
            # In shares of the last close: a dear year counts as much as a cheap one.
            unit = price[:, -1, bare.close] * bare.spread
            loss = ((model(price)[:, 0] - close) / unit).square().mean()
            run.step(loss.float(), optimizer)
        run.log(evaluate(model, holding), best="rmse")
    return run.best(model)


def report(model: PriceRNN, run: Run) -> None:
    """Note what knowing nothing reaches, and what the course's question would have."""
    training, test = data(run, "train"), data(run, "test")
    last, was = test.input[:, -1, model.close], training.input[:, -1, model.close]
    said = predict_batches(model, test.input)
    meaning = run.spec.output
    assert isinstance(meaning, ForecastOutput), "the model here forecasts"
    off = FORECASTING.measure
    run.log_baseline("persistence", **off(last[:, None], test.target, meaning))
    drift = (training.target / was).mean()
    run.log_baseline("mean change", **off(last[:, None] * drift, test.target, meaning))
    linear = _linear(training, test, model.close)
    run.log_baseline("least squares", **off(linear, test.target, meaning))
    rises, up = test.target > last, said[:, 0] > last
    held = training[len(training) - run.split_sizes[1] :] if run.split_sizes else test
    still = held.input[:, -1:, model.close]
    run.log_summary(
        validation=evaluate(model, held)["rmse"],
        validation_persistence=off(still, held.target, meaning)["rmse"],
        ratio=evaluate(model, test)["rmse"] / run.baselines["persistence"]["rmse"],
        direction=(up == rises).float().mean().item(),
        rising=rises.float().mean().item(),
        upward=up.float().mean().item(),
        moved=(said[:, 0] / last - 1).abs().max().item(),
        same_day=_same_day(run),
        spread=model.spread.item(),
        best_epoch=min(run.history, key=lambda row: row["rmse"])["epoch"],
    )
    run.log_figure(
        "forecast",
        drawing.course(test.target, said[:, 0], last, "close, dollars"),
        "The test days, and the first of them larger: the forecast is the day before.",
    )


def _linear(training: TensorRows, test: TensorRows, close: int) -> Tensor:
    """Return the best linear forecast of the change, from all changes of a window."""

    def changes(rows: TensorRows) -> tuple[Tensor, Tensor]:
        last = rows.input[:, -1, close].double()
        return (rows.input / last[:, None, None] - 1).flatten(1), last

    given, was = changes(training)
    asked, last = changes(test)
    change = replace(training, input=given, target=training.target / was - 1)
    weight = torch.linalg.lstsq(_with_one(change.input), change.target[:, None])
    said: Tensor = last[:, None] * (1 + _with_one(asked) @ weight.solution)
    return said


def _with_one(given: Tensor) -> Tensor:
    return torch.cat([given, torch.ones(len(given), 1).double()], dim=1)


def _same_day(run: Run) -> float:
    """Return the error of least squares at the course's question: a day's close from
    the open, high and low of that same day.
    """
    columns = {"columns": ("open", "high", "low"), "target": "close"}
    training, test = (
        run.load_rows(SET, split, **columns) for split in ("train", "test")
    )
    if training.input.ndim == 3:  # noise, which has no days
        return 0.0
    return baselines.least_squares(training, test)["rmse"]
