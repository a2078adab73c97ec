"""Train an autoencoder on normal heartbeats, and choose a threshold for its error.

Read it from top to bottom: settings, data, training, evaluation. No unusual beat is
trained on. A fifth of the training rows is held out for validation: the normal beats of
it choose the epoch, and all of it the threshold, which is where labels of unusual beats
are used. The loss, the learning rate, the batch size and the number of epochs were
chosen on the validation rows in short runs; the test rows are used once, at the end.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from zoo.recipes import Run, TensorRows, predict_batches
from zoo.recipes.metrics import area_under_roc, evaluate_anomalies

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "best_threshold",
    "course_threshold",
    "data",
    "evaluate",
    "train",
]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 100
    batch_size: int = 64
    lr: float = 3e-3  # the peak of the one-cycle schedule
    val_fraction: float = 0.2  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return heartbeats, (rows, 140, 1); a target of 1 is an unusual beat."""
    rows = run.load_rows("ecg5000", split, columns="signal")
    signal = rows.input.reshape(len(rows), -1, 1)
    unusual = (rows.target == 0).long()  # the dataset counts normal beats as 1
    rows = replace(rows, input=signal, target=unusual)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> Any:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    normal = train_rows[train_rows.target == 0]
    model = run.build()
    model.low.copy_(normal.input.min())
    model.high.copy_(normal.input.max())
    model = run.prepare(model)
    optimizer = run.prepare(
        torch.optim.Adam(model.parameters(), lr=settings.lr, fused=True)
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(normal, settings.batch_size, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for beat, _ in run.batches(normal, settings.batch_size):
            scaled = model.scale(beat)
            loss = mse_loss(model.rebuild(scaled), scaled)
            run.step(loss, optimizer, scheduler)
        score, unusual = predict_batches(model, val_rows)[:, 0], val_rows.target > 0
        auc = area_under_roc(score.double(), unusual)
        run.log({"mae": score[~unusual].mean().item(), "roc_auc": auc}, best="mae")
    best: Any = run.best(model)
    score = predict_batches(best, val_rows)[:, 0]
    best.threshold.fill_(best_threshold(score, val_rows.target > 0))
    return best


def best_threshold(score: Tensor, unusual: Tensor) -> float:
    """Return the threshold with the most right answers on these rows.

    It lies halfway between two scores that follow each other.
    """
    ordered, order = score.double().sort()
    # with the first n rows called normal, right are the normal ones among them and the
    # unusual ones among the others
    normal = (~unusual[order]).long()
    right = normal.cumsum(dim=0) + (1 - normal).sum() - (1 - normal).cumsum(dim=0)
    last = int(right.argmax())
    after = min(last + 1, len(ordered) - 1)
    return ((ordered[last] + ordered[after]) / 2).item()


def course_threshold(score: Tensor, unusual: Tensor) -> float:
    """Return the mean of the normal scores plus their standard deviation."""
    normal = score[~unusual].double()
    return (normal.mean() + normal.std(unbiased=False)).item()


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return ROC AUC, and accuracy, precision, recall and F1 at the threshold."""
    return evaluate_anomalies(model, rows)
