"""Train an MLP to predict a number from a table row.

Read it from top to bottom: settings, data, training, evaluation. The sets have no
published split: a fifth of the rows, in an order fixed by a seed, is the test, used
once. Every setting was chosen by the cross-validation over the other rows that `train`
also notes.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_regression as evaluate
from zoo_tabular.cross_validation import cross_validate
from zoo_tabular.mlp import TabularMLP
from zoo_tabular.rows import column_names, load_rows, train_or_test

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 60
    batch_size: int = 10
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    val_fraction: float = 0.1  # of the training rows, held out for validation
    cv_folds: int = 5  # of the cross-validation, each with a model of its own


SMOKE_SETTINGS = {"epochs": 1, "cv_folds": 2}
CONTESTED = {"b"}  # columns of Boston: what would leaving it out cost?


def data(run: Run, split: str) -> TensorRows:
    """Return the table's columns in their own units, and the number to predict."""
    return train_or_test(load_rows(run, "train", "target"), split)


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows = data(run, "train")
    scores = cross_validate(fit, settings, run, train_rows, evaluate)
    run.log_summary(**{f"cv_{name}": value for name, value in scores.items()})
    for column in CONTESTED & set(column_names(run)):
        rest = without_column(train_rows, run, column)
        scores = cross_validate(fit, settings, run, rest, evaluate)
        run.log_summary(
            **{f"cv_{name}_without_{column}": v for name, v in scores.items()}
        )
    return fit(settings, run, train_rows)


def fit(settings: Settings, run: Run, rows: TensorRows) -> nn.Module:
    """Return a fresh model trained on these rows, less those held out of them."""
    train_rows, val_rows = run.split(rows, settings.val_fraction)
    bare: TabularMLP = run.build()
    bare.input_scaler.fit(train_rows.input)
    bare.target_scaler.fit(train_rows.target[:, None])
    model = run.prepare(bare)
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for row, target in run.batches(train_rows, settings.batch_size):
            loss = mse_loss(model(row)[:, 0], target.float())  # (B,) and (B,)
            run.step(loss, optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="rmse")
    return run.best(model)


def without_column(rows: TensorRows, run: Run, column: str) -> TensorRows:
    """Return the rows with one column at its mean everywhere."""
    values: Tensor = rows.input.clone()
    place = column_names(run).index(column)
    values[:, place] = values[:, place].mean()
    return replace(rows, input=values)
