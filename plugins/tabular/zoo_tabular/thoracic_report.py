"""What the card of the lung surgery tells: baselines, and a repeated comparison.

The test has a dozen deaths: too few to tell which of two methods is better. They are
compared in several cross-validations over the training rows.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from zoo import Run
from zoo.recipes import (
    Fold,
    TensorRows,
    child_run,
    choose_settings,
    plots,
    predict_batches,
)
from zoo_tabular.cancer_recipe import roc_auc
from zoo_tabular.scikit_learn import balanced_logistic_scores
from zoo_tabular.thoracic_recipe import balanced_accuracy, data, fit

__all__ = [
    "COMPARISON",
    "compare",
    "corrected_standard_error",
    "repeated_cross_validation",
    "report",
]

CV_REPEATS = 10
COMPARISON = "a network for each fold of ten cross-validations"


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, and the confusion matrix."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    target = test_rows.target
    run.log_baseline("majority class", **_measures(torch.zeros(len(target)), target))
    scores = balanced_logistic_scores(train_rows, test_rows)
    run.log_baseline("balanced logistic regression", **_measures(scores, target))
    predicted = (predict_batches(model, test_rows.input)[:, 0] > 0).long()
    died = target == 1
    run.log_summary(
        sensitivity=(predicted[died] == 1).float().mean().item(),
        specificity=(predicted[~died] == 0).float().mean().item(),
        false_negatives=(predicted[died] == 0).sum().item(),
        positives=died.sum().item(),
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, target, run.spec.labels),
        "Confusion matrix of the test rows.",
    )


def compare(model: nn.Module, run: Run) -> None:
    """Add the repeated comparison with balanced logistic regression."""
    settings = run.settings or choose_settings(run.spec, None, smoke=run.smoke)[1]
    repeats = 1 if run.smoke else CV_REPEATS
    train_rows = data(run, "train")
    run.log_summary(
        cv_repeats=repeats,
        **repeated_cross_validation(fit, settings, run, train_rows, repeats=repeats),
    )


def repeated_cross_validation(
    fit: Callable[[Any, Run, TensorRows], nn.Module],
    settings: Any,
    run: Run,
    rows: TensorRows,
    *,
    repeats: int,
) -> dict[str, float]:
    """Return the mean AUC and balanced accuracy of a network and of balanced logistic
    regression over repeated cross-validation, and their difference.

    Every repeat has other folds, and its networks another seed.
    """
    count = settings.cv_folds
    found: list[list[dict[str, float]]] = []
    for seed in range(settings.seed, settings.seed + repeats):
        for number in range(count):
            fold = Fold(number=number, count=count, stratified=True)
            train_rows, fold_rows = fold.split(rows, seed=seed)
            model = fit(settings, child_run(run, seed=seed), train_rows)
            network = predict_batches(model, fold_rows.input)[:, 0]
            logistic = balanced_logistic_scores(train_rows, fold_rows)
            found.append([_measures(s, fold_rows.target) for s in (network, logistic)])
    summary = {}
    for name in ("auc", "balanced_accuracy"):
        scores = torch.tensor([[one[name] for one in pair] for pair in found])
        difference = scores[:, 0] - scores[:, 1]
        summary[f"repeated_cv_{name}"] = scores[:, 0].mean().item()
        summary[f"repeated_cv_logistic_{name}"] = scores[:, 1].mean().item()
        summary[f"repeated_cv_{name}_difference"] = difference.mean().item()
        summary[f"repeated_cv_{name}_standard_error"] = corrected_standard_error(
            difference, folds=count
        )
    return summary


def corrected_standard_error(difference: Tensor, *, folds: int) -> float:
    """Return the standard error of the mean of the differences in all folds, (n,).

    Training rows of two folds overlap, so that the usual s / sqrt(n) is too small:
    s sqrt(1/n + test rows / training rows), Nadeau and Bengio, "Inference for the
    generalization error", 2003.
    """
    share = 1 / len(difference) + 1 / (folds - 1)
    return float(difference.std() * share**0.5)


def _measures(score: Tensor, target: Tensor) -> dict[str, float]:
    return {
        "auc": roc_auc(score, target),
        "balanced_accuracy": balanced_accuracy(score > 0, target),
        "accuracy": ((score > 0).long() == target).float().mean().item(),
    }
