"""Train an MLP to tell malignant from benign by measures of cell nuclei.

Read it from top to bottom: settings, data, training, measuring. The set has no
published split: a fifth of the rows, in an order fixed by a seed, is the test, used
once. Every setting was chosen by the cross-validation over the other rows that `train`
also notes.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo_tabular.folds import cross_validate
from zoo_tabular.mlp import TabularMLP
from zoo_tabular.tables import part, rows

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "auc",
    "data",
    "evaluate",
    "figures",
    "fit",
    "report",
    "train",
]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    batch: int = 32
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.1
    holding: float = 0.1  # share of the training rows kept for validation
    folds: int = 5  # of the cross-validation, each with a model of its own


SMOKE_SETTINGS = {"epochs": 1, "folds": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return the columns in their own units, and the label, 0 or 1."""
    return part(rows(run, "train", "label"), split)


def train(settings: Settings, run: Run) -> nn.Module:
    training = data(run, "train")
    found = cross_validate(fit, settings, run, training, figures, stratified=True)
    run.log_summary(**{f"folds_{name}": value for name, value in found.items()})
    return fit(settings, run, training)


def fit(settings: Settings, run: Run, training: TensorRows) -> nn.Module:
    """Return a fresh model trained on these rows, some of them held back."""
    fitting, holding = run.split(training, settings.holding)
    bare: TabularMLP = run.build()
    bare.scale.learn(fitting.input)
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
        for row, label in run.batches(fitting, settings.batch):
            logit = model(row)[:, 0]
            loss = binary_cross_entropy_with_logits(logit, label.float())
            run.step(loss, optimizer, schedule)
        found = {**figures(model, holding), "validation_loss": cost(model, holding)}
        run.log(found, best="validation_loss")
    return run.best(model)


def figures(model: nn.Module, held: TensorRows) -> dict[str, float]:
    """Return the task's metrics, and the area under the curve."""
    logit = predict_batches(model, held.input)[:, 0]
    return {**evaluate(model, held), "auc": auc(logit, held.target)}


def cost(model: nn.Module, held: TensorRows) -> float:
    """Return the cross-entropy: on few rows it tells more than the accuracy."""
    logit = predict_batches(model, held.input)[:, 0]
    return binary_cross_entropy_with_logits(logit, held.target.float()).item()


def report(model: nn.Module, run: Run) -> None:
    """Note what simple methods reach, and which mistakes are made; draw them."""
    training, test = data(run, "train"), data(run, "test")
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(training, test)
    )
    run.log_baseline("logistic regression", accuracy=baselines.logistic(training, test))
    logit = predict_batches(model, test.input)[:, 0]
    said = (logit > 0).long()
    malignant = test.target == 0
    run.log_summary(
        auc=auc(logit, test.target),
        sensitivity=(said[malignant] == 0).float().mean().item(),
        specificity=(said[~malignant] == 1).float().mean().item(),
        missed=(said[malignant] == 1).sum().item(),
        malignant=malignant.sum().item(),
    )
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, run.spec.labels),
        "How often each label of the test rows was read as what.",
    )


def auc(score: torch.Tensor, label: torch.Tensor) -> float:
    """Return how often a row of the second label scores above one of the first.

    Ties count half, and a half it is where one of the labels has no row.
    """
    gap = score[label == 1][:, None] - score[label == 0]
    if not gap.numel():
        return 0.5
    return ((gap > 0).float() + (gap == 0) / 2).mean().item()
