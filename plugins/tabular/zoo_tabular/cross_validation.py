"""A true cross-validation: every fold trains a model of its own."""

from collections.abc import Callable
from statistics import mean
from typing import Any

import torch
from torch import nn

from zoo import Run
from zoo.datasets.in_memory import Fold, TensorRows
from zoo.datasets.splits import fold_split
from zoo.evaluation import baselines
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches

__all__ = ["beside_logistic", "cross_validate"]


def cross_validate(
    fit: Callable[[Any, Run, TensorRows], nn.Module],
    settings: Any,
    run: Run,
    rows: TensorRows,
    figures: Callable[[nn.Module, TensorRows], dict[str, float]] = evaluate,
    *,
    stratified: bool = False,
) -> dict[str, float]:
    """Return each figure's mean over `settings.folds` folds of `rows`.

    A fold's model starts from fresh weights and never sees the fold: its scales and
    its best epoch come from the other rows.
    """
    found = []
    for number in range(settings.folds):
        fold = Fold(number=number, count=settings.folds, stratified=stratified)
        outside, inside = rows.fold(fold, seed=settings.seed)
        own = Run(run.spec, seed=settings.seed, smoke=run.smoke)
        found.append(figures(fit(settings, own, outside), inside))
    return {name: mean(one[name] for one in found) for name in found[0]}


def beside_logistic(
    fit: Callable[[Any, Run, TensorRows], nn.Module],
    settings: Any,
    run: Run,
    rows: TensorRows,
    *,
    repeats: int,
) -> dict[str, float]:
    """Return how many rows a network and logistic regression get right in folds that
    are parted anew in every repeat, and by how much the network is ahead.

    Its standard error is over rows, of which each counts once however often it was
    asked about.
    """
    right = torch.zeros(2, len(rows))  # how often, of the network and of the other
    for seed in range(settings.seed, settings.seed + repeats):
        for number in range(settings.folds):
            fold = Fold(number=number, count=settings.folds, stratified=True)
            out, within = fold_split(rows.target, fold, seed=seed, source=rows.source)
            outside, inside = rows[out], rows[within]
            own = Run(run.spec, seed=seed, smoke=run.smoke)
            logit = predict_batches(fit(settings, own, outside), inside.input)[:, 0]
            said = (logit > 0).long(), baselines.logistic_labels(outside, inside)
            right[:, within] += (torch.stack(said) == inside.target).float()
    ours, theirs = right / repeats
    gap = ours - theirs
    return {
        "repeated_accuracy": ours.mean().item(),
        "repeated_logistic": theirs.mean().item(),
        "repeated_ahead": gap.mean().item(),
        "repeated_error": (gap.std() / len(gap) ** 0.5).item(),
    }
