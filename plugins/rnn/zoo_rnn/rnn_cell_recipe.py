"""Train a recurrent cell to forecast the next value of a chaotic series.

Read it from top to bottom: settings, data, training. The series is generated. The
validation rows are the last tenth of the training series, and chose the epoch and the
settings; the test rows are another series, used once.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.nn.functional import mse_loss

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_forecasts as evaluate

__all__ = ["DATASET", "SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

DATASET = "henon-map"


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 80
    batch_size: int = 32
    lr: float = 0.03  # the peak of the one-cycle schedule
    val_fraction: float = 0.1  # of the training windows, the last ones


SMOKE_SETTINGS = {"epochs": 1}


def data(run: Run, split: str) -> TensorRows:
    """Return windows, the oldest value first, and the value after each."""
    length = run.spec.input.length
    values = run.load_rows(DATASET, split, columns=("x",), target="x")
    if values.input.ndim == 3:  # windows already, as noise in a smoke run
        return replace(values, timed=True)
    windows = values.input.unfold(0, length, 1)[:-1].transpose(1, 2).contiguous()
    return replace(values, input=windows, target=values.target[length:], timed=True)


def train(settings: Settings, run: Run) -> nn.Module:
    training, validation = run.split(data(run, "train"), settings.val_fraction)
    model: nn.Module = run.prepare(run.build())
    optimizer = run.prepare(torch.optim.Adam(model.parameters(), lr=settings.lr))
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(training, settings.batch_size, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for series, following in run.batches(training, settings.batch_size):
            # Back-propagation through time is autograd's, through all steps.
            loss = mse_loss(model(series)[:, 0], following.float())
            run.step(loss, optimizer, schedule)
        run.log(evaluate(model, validation), best="rmse")
    return run.best(model)
