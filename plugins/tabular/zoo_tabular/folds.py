"""A true cross-validation: every fold trains a model of its own."""

from collections.abc import Callable
from statistics import mean
from typing import Any

from torch import nn

from zoo import Run
from zoo.measuring import measure
from zoo.tensors import Fold, Tensors

__all__ = ["cross_validate"]


def cross_validate(
    fit: Callable[[Any, Run, Tensors], nn.Module],
    settings: Any,
    run: Run,
    rows: Tensors,
    figures: Callable[[nn.Module, Tensors], dict[str, float]] = measure,
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
