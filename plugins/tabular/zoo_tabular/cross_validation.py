"""Cross-validation in which every fold trains a model of its own."""

from collections.abc import Callable
from statistics import mean
from typing import Any

import torch
from torch import nn

from zoo import Run
from zoo.recipes import (
    Fold,
    TensorRows,
    baselines,
    evaluate,
    fold_split,
    predict_batches,
)

__all__ = ["compare_with_logistic_regression", "cross_validate"]


def cross_validate(
    fit: Callable[[Any, Run, TensorRows], nn.Module],
    settings: Any,
    run: Run,
    rows: TensorRows,
    evaluate: Callable[[nn.Module, TensorRows], dict[str, float]] = evaluate,
    *,
    stratified: bool = False,
) -> dict[str, float]:
    """Return each metric's mean over `settings.cv_folds` folds of `rows`.

    A fold's model starts from fresh weights and never sees the fold: its scalers and
    its best epoch come from the other rows.
    """
    scores = []
    for number in range(settings.cv_folds):
        fold = Fold(number=number, count=settings.cv_folds, stratified=stratified)
        train_rows, fold_rows = fold.split(rows, seed=settings.seed)
        own = Run(run.spec, seed=settings.seed, smoke=run.smoke)
        scores.append(evaluate(fit(settings, own, train_rows), fold_rows))
    return {name: mean(score[name] for score in scores) for name in scores[0]}


def compare_with_logistic_regression(
    fit: Callable[[Any, Run, TensorRows], nn.Module],
    settings: Any,
    run: Run,
    rows: TensorRows,
    *,
    repeats: int,
) -> dict[str, float]:
    """Return the accuracy of a network and of logistic regression in repeated
    cross-validation, and their difference with its standard error.

    Every repeat has other folds. The standard error is over rows, each of which counts
    once however often it was predicted.
    """
    correct = torch.zeros(2, len(rows))  # how often, by the network and by the other
    for seed in range(settings.seed, settings.seed + repeats):
        for number in range(settings.cv_folds):
            fold = Fold(number=number, count=settings.cv_folds, stratified=True)
            others, within = fold_split(
                rows.target, fold, seed=seed, source=rows.source
            )
            train_rows, fold_rows = rows[others], rows[within]
            own = Run(run.spec, seed=seed, smoke=run.smoke)
            model = fit(settings, own, train_rows)
            network = (predict_batches(model, fold_rows.input)[:, 0] > 0).long()
            logistic = baselines.logistic_labels(train_rows, fold_rows)
            predicted = torch.stack([network, logistic])
            correct[:, within] += (predicted == fold_rows.target).float()
    network_accuracy, logistic_accuracy = correct / repeats
    difference = network_accuracy - logistic_accuracy
    standard_error = difference.std() / len(difference) ** 0.5
    return {
        "repeated_cv_accuracy": network_accuracy.mean().item(),
        "repeated_cv_logistic_accuracy": logistic_accuracy.mean().item(),
        "repeated_cv_difference": difference.mean().item(),
        "repeated_cv_standard_error": standard_error.item(),
    }
