"""Repeated cross-validation over groups: the posts of a thread are in the same fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from zoo import Run
from zoo.recipes import TensorRows, predict_batches
from zoo_text_retrieval.baselines import BASELINES
from zoo_text_retrieval.group_folds import group_folds, group_ids
from zoo_text_retrieval.lsa import LSA

__all__ = ["cross_validate"]

Fit = Callable[[Any, Run, TensorRows], LSA]


def cross_validate(
    fit: Fit, settings: Any, run: Run, rows: TensorRows, threads: Sequence[str]
) -> dict[str, float]:
    """Return the accuracy of the model and of the baselines over all folds, and how far
    the model is ahead of naive Bayes, with the standard error of that.

    Every repeat has other folds. The standard error is over threads, not over repeats,
    which evaluate the same posts again and again.
    """
    thread = group_ids(threads)
    hits = {name: torch.zeros(len(rows)) for name in ("model", *BASELINES)}
    for repeat in range(settings.repeats):
        seed = settings.seed + repeat
        for held_out in group_folds(thread, settings.folds, seed=seed):
            fold_run = Run(run.spec, seed=seed, smoke=run.smoke)
            predicted = _predict(fit, settings, fold_run, rows, held_out)
            for name, label in predicted.items():
                hits[name][held_out] += (label == rows.target[held_out]).float()
    accuracy = {name: count / settings.repeats for name, count in hits.items()}
    gap = accuracy["model"] - accuracy["naive Bayes"]
    return {
        "cv_accuracy": accuracy["model"].mean().item(),
        "cv_logistic_regression": accuracy["logistic regression"].mean().item(),
        "cv_naive_bayes": accuracy["naive Bayes"].mean().item(),
        "cv_gap": gap.mean().item(),
        "cv_gap_standard_error": _clustered_standard_error(gap, thread),
    }


def _predict(
    fit: Fit, settings: Any, run: Run, rows: TensorRows, held_out: Tensor
) -> dict[str, Tensor]:
    """Return the labels that each method predicts for a fold, fitted to the others."""
    training, test = rows[~held_out], rows[held_out]
    model = fit(settings, run, training)
    features, test_features = (
        model.tfidf(part.input).detach() for part in (training, test)
    )
    predicted = {"model": predict_batches(model, test.input).argmax(dim=1)}
    return predicted | {
        name: baseline(features, training.target, test_features)
        for name, baseline in BASELINES.items()
    }


def _clustered_standard_error(gap: Tensor, group: Tensor) -> float:
    """Return the standard error of a mean over rows that come in groups."""
    deviation = gap - gap.mean()
    by_group = torch.zeros(int(group.max()) + 1).index_add(0, group, deviation)
    return (by_group.square().sum().sqrt() / len(gap)).item()
