"""Train an MLP to classify tumors as malignant or benign by measures of cell nuclei.

Read it from top to bottom: settings, data, training, evaluation. The set has no
published split: a fifth of the rows, in an order fixed by a seed, is the test, used
once. Every setting was chosen by the cross-validation over the other rows that `train`
also notes.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from zoo.recipes import Run, TensorRows, predict_batches
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo_tabular.cross_validation import cross_validate
from zoo_tabular.mlp import TabularMLP
from zoo_tabular.rows import load_rows, train_or_test

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "fit",
    "measure_with_auc",
    "roc_auc",
    "train",
]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    batch_size: int = 32
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.1
    val_fraction: float = 0.1  # of the training rows, held out for validation
    cv_folds: int = 5  # of the cross-validation, each with a model of its own


SMOKE_SETTINGS = {"epochs": 1, "cv_folds": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return the columns in their own units, and the label, 0 or 1."""
    return train_or_test(load_rows(run, "train", "label"), split)


def train(settings: Settings, run: Run) -> nn.Module:
    rows = data(run, "train")
    scores = cross_validate(fit, settings, run, rows, measure_with_auc, stratified=True)
    run.log_summary(**{f"cv_{name}": value for name, value in scores.items()})
    return fit(settings, run, rows)


def fit(settings: Settings, run: Run, rows: TensorRows) -> nn.Module:
    """Return a fresh model trained on these rows, less those held out of them."""
    train_rows, val_rows = run.split(rows, settings.val_fraction)
    bare: TabularMLP = run.build()
    bare.input_scaler.fit(train_rows.input)
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
        for row, label in run.batches(train_rows, settings.batch_size):
            logit = model(row)[:, 0]
            loss = binary_cross_entropy_with_logits(logit, label.float())
            run.step(loss, optimizer, scheduler)
        metrics = measure_with_auc(model, val_rows)
        metrics["validation_loss"] = validation_loss(model, val_rows)
        run.log(metrics, best="validation_loss")
    return run.best(model)


def measure_with_auc(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the task's metrics, and the area under the ROC curve."""
    logit = predict_batches(model, rows.input)[:, 0]
    return {**evaluate(model, rows), "auc": roc_auc(logit, rows.target)}


def validation_loss(model: nn.Module, rows: TensorRows) -> float:
    """Return the cross-entropy, which on few rows is less noisy than the accuracy."""
    logit = predict_batches(model, rows.input)[:, 0]
    return binary_cross_entropy_with_logits(logit, rows.target.float()).item()


def roc_auc(score: torch.Tensor, label: torch.Tensor) -> float:
    """Return how often a row of the second label scores above one of the first.

    Ties count half, and a half it is where one of the labels has no row.
    """
    difference = score[label == 1][:, None] - score[label == 0]
    if not difference.numel():
        return 0.5
    return ((difference > 0).float() + (difference == 0) / 2).mean().item()
