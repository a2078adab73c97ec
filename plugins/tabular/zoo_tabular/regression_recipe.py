"""Train an MLP to predict a number from a table row.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The sets have no published split: a fifth of the rows, in
an order fixed by a seed, is the test, used once. Every setting was chosen by the
cross-validation over the other rows that `train` also notes.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo_tabular.folds import cross_validate
from zoo_tabular.mlp import TabularMLP
from zoo_tabular.tables import columns, number, part, rows

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 60
    batch: int = 10
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    holding: float = 0.1  # share of the training rows kept for validation
    folds: int = 5  # of the cross-validation, each with a model of its own


SMOKE_SETTINGS = {"epochs": 1, "folds": 2}
CONTESTED = {"b"}  # of Boston: what would leaving it out cost?


def data(run: Run, split: str) -> TensorRows:
    """Return the table's columns in their own units, and the number to predict."""
    return part(rows(run, "train", "target"), split)


def train(settings: Settings, run: Run) -> nn.Module:
    training = data(run, "train")
    found = cross_validate(fit, settings, run, training)
    run.log_summary(**{f"folds_{name}": value for name, value in found.items()})
    for column in CONTESTED & set(columns(run)):
        found = cross_validate(fit, settings, run, without(training, run, column))
        run.log_summary(**{f"without_{column}_{name}": v for name, v in found.items()})
    return fit(settings, run, training)


def fit(settings: Settings, run: Run, training: TensorRows) -> nn.Module:
    """Return a fresh model trained on these rows, some of them held back."""
    fitting, holding = run.split(training, settings.holding)
    bare: TabularMLP = run.build()
    bare.scale.learn(fitting.input)
    bare.unit.learn(fitting.target[:, None])
    model = run.prepare(bare)
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for row, target in run.batches(fitting, settings.batch):
            loss = mse_loss(model(row)[:, 0], target.float())  # (B,) and (B,)
            run.step(loss, optimizer, schedule)
        run.log(evaluate(model, holding), best="rmse")
    return run.best(model)


def report(model: nn.Module, run: Run) -> None:
    """Note what simple methods reach, and where the worst answers lie; draw both."""
    training, test = data(run, "train"), data(run, "test")
    run.log_baseline("mean", **baselines.mean(training, test))
    run.log_baseline("least squares", **baselines.least_squares(training, test))
    said = predict_batches(model, test.input)[:, 0]
    off = said - test.target
    high = test.target >= test.target.quantile(0.9)
    run.log_summary(
        worst=off.abs().max().item(),
        high_mae=off[high].abs().mean().item(),
        high_bias=off[high].mean().item(),
    )
    run.log_figure(
        "predicted",
        pictures.predicted(said, test.target, number(run)),
        "The test rows, as predicted and as they were.",
    )


def without(training: TensorRows, run: Run, column: str) -> TensorRows:
    """Return the rows with one column at its mean everywhere: it tells nothing."""
    given: Tensor = training.input.clone()
    place = columns(run).index(column)
    given[:, place] = given[:, place].mean()
    return replace(training, input=given)
