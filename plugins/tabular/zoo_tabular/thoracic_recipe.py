"""Train an MLP to predict death within a year of lung surgery, a rare outcome.

Read it from top to bottom: settings, data, training, evaluation. One patient in seven
died, so a row of that class weighs six of the other, and what counts is the area under
the ROC curve and the balanced accuracy. The set has no published split: a fifth of the
rows, in an order fixed by a seed, is the test. Every setting was chosen by the
cross-validation over the other rows that `train` also notes. A tenth of these would
hold six deaths, too few to choose an epoch by: training ends after a fixed number.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from zoo.recipes import Run, TensorRows, predict_batches
from zoo.recipes.metrics import evaluate_classification
from zoo_tabular.cancer_recipe import roc_auc
from zoo_tabular.cross_validation import cross_validate
from zoo_tabular.mlp import TabularMLP
from zoo_tabular.rows import load_rows, train_or_test

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "balanced_accuracy",
    "data",
    "evaluate",
    "fit",
    "train",
]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 30
    batch_size: int = 30
    lr: float = 1e-3  # the peak of the one-cycle schedule
    weight_decay: float = 1.0
    cv_folds: int = 5  # of the cross-validation, each with a model of its own


SMOKE_SETTINGS = {"epochs": 1, "cv_folds": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return the columns in their own units, and the label, 0 or 1."""
    return train_or_test(load_rows(run, "train", "label"), split)


def train(settings: Settings, run: Run) -> nn.Module:
    rows = data(run, "train")
    scores = cross_validate(fit, settings, run, rows, evaluate, stratified=True)
    run.log_summary(**{f"cv_{name}": value for name, value in scores.items()})
    return fit(settings, run, rows)


def fit(settings: Settings, run: Run, rows: TensorRows) -> nn.Module:
    """Return a fresh model trained on all of these rows."""
    bare: TabularMLP = run.build()
    bare.input_scaler.fit(rows.input)
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
            total_steps=run.steps(rows, settings.batch_size, settings.epochs),
        )
    )
    died = rows.target.float().mean()
    weight = (1 - died) / died  # the rows of both classes then weigh the same in all
    for _ in run.epochs(settings.epochs):
        model.train()
        for row, label in run.batches(rows, settings.batch_size):
            logit = model(row)[:, 0]
            loss = binary_cross_entropy_with_logits(
                logit, label.float(), pos_weight=weight.to(logit.device)
            )
            run.step(loss, optimizer, scheduler)
        run.log({"training_auc": evaluate(model, rows)["auc"]})
    return bare


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the area under the ROC curve, the balanced accuracy, and the task's
    metrics."""
    logit = predict_batches(model, rows.input)[:, 0]
    return {
        "auc": roc_auc(logit, rows.target),
        "balanced_accuracy": balanced_accuracy(logit > 0, rows.target),
        **evaluate_classification(model, rows),
    }


def balanced_accuracy(predicted: Tensor, label: Tensor) -> float:
    """Return the mean of the shares of each class's rows that are right."""
    right = predicted.long() == label
    shares = [right[label == one].float().mean() for one in label.unique()]
    return torch.stack(shares).mean().item()
