"""Train a 2-3-1 network on a formula: the score of an exam by study and sleep.

Read it from top to bottom. The formula is linear and has no noise, so least squares
reaches an error of zero; the network is here to show how near two sigmoid layers come.
The epoch is chosen on the validation rows, an eighth of the training split; the
settings are the first that were tried. The test rows are used once.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import mse_loss

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_regression as evaluate
from zoo_tabular.mlp import TabularMLP
from zoo_tabular.rows import load_rows

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 200
    batch_size: int = 32
    lr: float = 0.03  # the peak of the one-cycle schedule
    val_fraction: float = 0.125  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return hours of study and sleep, and the score of the exam."""
    return load_rows(run, split, "score")


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    bare: TabularMLP = run.build()
    bare.input_scaler.fit(train_rows.input)
    model = run.prepare(bare)
    optimizer = run.prepare(torch.optim.Adam(model.parameters(), lr=settings.lr))
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for row, score in run.batches(train_rows, settings.batch_size):
            loss = mse_loss(model(row)[:, 0], score.float())
            run.step(loss, optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="rmse")
    return run.best(model)
