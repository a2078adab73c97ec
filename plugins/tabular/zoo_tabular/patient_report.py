"""What the card of a patient's record tells: a comparison with logistic regression.

One cross-validation is not enough to tell whether the network or logistic regression is
better: they are compared in several.
"""

from collections.abc import Callable
from math import comb
from statistics import mean
from typing import Any

import torch
from torch import nn

from zoo import Run
from zoo.recipes import (
    Fold,
    TensorRows,
    baselines,
    child_run,
    choose_settings,
    fold_split,
    plots,
    predict_batches,
)
from zoo_tabular.patient_recipe import Settings, data, fit

__all__ = [
    "COMPARISON",
    "compare",
    "compare_with_logistic_regression",
    "mcnemar_p_value",
    "report",
]

CV_REPEATS = 10  # of the comparison with logistic regression
COMPARISON = "a network for each fold of ten cross-validations"


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, and the mistakes."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    run.log_baseline(
        "logistic regression", accuracy=baselines.logistic(train_rows, test_rows)
    )
    run.log_summary(cv_logistic_accuracy=_cv_logistic_accuracy(train_rows, run.seed))
    logit, target = predict_batches(model, test_rows.input)[:, 0], test_rows.target
    predicted, positive = (logit > 0).long(), target == 1
    sensitivity = (predicted[positive] == 1).float().mean().item()
    specificity = (predicted[~positive] == 0).float().mean().item()
    correct = predicted == target
    logistic_correct = baselines.logistic_labels(train_rows, test_rows) == target
    only_network = int((correct & ~logistic_correct).sum())
    only_logistic = int((~correct & logistic_correct).sum())
    run.log_summary(
        only_network_correct=only_network,
        only_logistic_correct=only_logistic,
        mcnemar_p_value=mcnemar_p_value(only_network, only_logistic),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced_accuracy=(sensitivity + specificity) / 2,
        false_negatives=(predicted[positive] == 0).sum().item(),
        positives=positive.sum().item(),
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, target, run.spec.labels),
        "Confusion matrix of the test rows.",
    )


def compare(model: nn.Module, run: Run) -> None:
    """Compare the network with logistic regression in repeated cross-validation."""
    repeats = 1 if run.smoke else CV_REPEATS
    settings = run.settings or choose_settings(run.spec, None, smoke=run.smoke)[1]
    run.log_summary(
        cv_repeats=repeats,
        **compare_with_logistic_regression(
            fit, settings, run, data(run, "train"), repeats=repeats
        ),
    )


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's exact test: how probable counts as different as
    these are, or more, of rows that only one of two equally good methods gets right."""
    count = only_first + only_second
    tail = sum(comb(count, n) for n in range(min(only_first, only_second) + 1))
    return min(1.0, tail * 0.5 ** (count - 1))


def _cv_logistic_accuracy(rows: TensorRows, seed: int) -> float:
    """Return the accuracy of logistic regression in the folds of the
    cross-validation."""
    count = Settings.cv_folds
    folds = [Fold(number=n, count=count, stratified=True) for n in range(count)]
    parts = [fold.split(rows, seed=seed) for fold in folds]
    return mean(baselines.logistic(train, within) for train, within in parts)


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
            own = child_run(run, seed=seed)
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
