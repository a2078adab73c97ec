"""Train an MLP to predict an outcome from a patient's record.

The recipe of the breast cancer set with another report: `zoo_tabular/cancer_recipe.py`
holds the settings, the loop and the cross-validation that every setting was chosen by.
The second label is the outcome. Here one cross-validation is not enough to tell whether
the network or logistic regression is better: they are compared in several.
"""

from math import comb
from statistics import mean

from torch import nn

from zoo import Run
from zoo.recipes import Fold, TensorRows, baselines, predict_batches
from zoo.recipes import plots as pictures
from zoo_tabular import cancer_recipe
from zoo_tabular.cancer_recipe import (
    SMOKE_SETTINGS,
    Settings,
    data,
    fit,
    measure_with_auc,
)
from zoo_tabular.cross_validation import compare_with_logistic_regression

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "fit",
    "mcnemar_p_value",
    "report",
    "train",
]

CV_REPEATS = 10  # of the comparison with logistic regression

evaluate = measure_with_auc


def train(settings: Settings, run: Run) -> nn.Module:
    model = cancer_recipe.train(settings, run)
    repeats = 1 if run.smoke else CV_REPEATS
    rows = data(run, "train")
    run.log_summary(
        cv_repeats=repeats,
        **compare_with_logistic_regression(fit, settings, run, rows, repeats=repeats),
    )
    return model


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, a comparison with logistic regression, and the mistakes."""
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
        pictures.confusion(predicted, target, run.spec.labels),
        "Confusion matrix of the test rows.",
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
