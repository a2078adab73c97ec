"""A cross-validation in which a thread is never torn apart.

Posts of one thread share words that later threads do not: a model that has seen some
of them looks better on the others than it will be on what is written next month, and
the test split was written later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo_text_retrieval.lsa import LSA
from zoo_text_retrieval.simple import METHODS

__all__ = ["compared", "numbered", "parted"]

Fit = Callable[[Any, Run, TensorRows], LSA]


def compared(
    fit: Fit, settings: Any, run: Run, rows: TensorRows, threads: Sequence[str]
) -> dict[str, float]:
    """Return how many posts of the folds a model of its own and simple methods get
    right, and how far it is ahead of naive Bayes, with the standard error of that.

    Every repeat parts the threads anew. The error is over threads, not over repeats,
    which ask about the same posts again and again.
    """
    thread = numbered(threads)
    right = {name: torch.zeros(len(rows)) for name in ("model", *METHODS)}
    for repeat in range(settings.repeats):
        seed = settings.seed + repeat
        for inside in parted(thread, settings.folds, seed=seed):
            own = Run(run.spec, seed=seed, smoke=run.smoke)
            for name, said in _answers(fit, settings, own, rows, inside).items():
                right[name][inside] += (said == rows.target[inside]).float()
    share = {name: hits / settings.repeats for name, hits in right.items()}
    gap = share["model"] - share["naive Bayes"]
    return {
        "folds_accuracy": share["model"].mean().item(),
        "folds_logistic": share["logistic regression"].mean().item(),
        "folds_bayes": share["naive Bayes"].mean().item(),
        "folds_ahead": gap.mean().item(),
        "folds_error": _error(gap, thread),
    }


def numbered(threads: Sequence[str]) -> Tensor:
    """Return the number of each post's thread, from 0."""
    numbers = {name: number for number, name in enumerate(sorted(set(threads)))}
    return torch.tensor([numbers[name] for name in threads])


def parted(thread: Tensor, folds: int, *, seed: int) -> Iterator[Tensor]:
    """Yield which posts are in each fold: whole threads, drawn by the seed."""
    drawing = torch.Generator().manual_seed(seed)
    order = torch.randperm(int(thread.max()) + 1, generator=drawing)
    for number in range(folds):
        yield order[thread] % folds == number


def _answers(
    fit: Fit, settings: Any, run: Run, rows: TensorRows, inside: Tensor
) -> dict[str, Tensor]:
    """Return what each method says of a fold, learned from the other posts alone."""
    given, asked = rows[~inside], rows[inside]
    model = fit(settings, run, given)
    before, after = (model.weigh(part.input).detach() for part in (given, asked))
    said = {"model": predict_batches(model, asked.input).argmax(dim=1)}
    return said | {n: way(before, given.target, after) for n, way in METHODS.items()}


def _error(gap: Tensor, thread: Tensor) -> float:
    """Return the standard error of a mean over posts that come in threads."""
    off = gap - gap.mean()
    together = torch.zeros(int(thread.max()) + 1).index_add(0, thread, off)
    return (together.square().sum().sqrt() / len(gap)).item()
