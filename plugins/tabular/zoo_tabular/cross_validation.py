"""Cross-validation in which every fold trains a model of its own."""

from collections.abc import Callable
from statistics import mean
from typing import Any

from torch import nn

from zoo.recipes import Fold, Run, TensorRows, child_run

__all__ = ["cross_validate"]


def cross_validate(
    fit: Callable[[Any, Run, TensorRows], nn.Module],
    settings: Any,
    run: Run,
    rows: TensorRows,
    evaluate: Callable[[nn.Module, TensorRows], dict[str, float]],
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
        own = child_run(run, seed=settings.seed)
        scores.append(evaluate(fit(settings, own, train_rows), fold_rows))
    return {name: mean(score[name] for score in scores) for name in scores[0]}
