"""Train a recurrent network to forecast tomorrow's close from thirty days of prices.

Read it from top to bottom: settings, data, training. Days follow each other
in time, so the validation rows are the last of the training split, and the epoch is
chosen on them; the test split comes after both and is used once. Optimizer, learning
rate and batch size are the course's.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_forecasts as evaluate
from zoo_rnn.prices import PriceRNN

__all__ = ["DATASET", "SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

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
    columns = tuple(column.name for column in input_spec.columns)
    days = run.load_rows(DATASET, split, columns=columns, target="close")
    if days.input.ndim == 3:  # windows already, as noise in a smoke run
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
