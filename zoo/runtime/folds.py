"""The folds of a cross-validation."""

from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from zoo.runtime import DataError

__all__ = ["Fold", "child_run", "fold_split"]

Rows = TypeVar("Rows", bound=Any)


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One part of a cross-validation: `number` of `count`, from 0.

    Stratified folds hold every label in the proportion of the whole.
    """

    number: int
    count: int
    stratified: bool = False

    def split(self, rows: Rows, *, seed: int) -> tuple[Rows, Rows]:
        """Return the rows outside the fold, and those inside. Raises DataError."""
        if getattr(rows, "timed", False):  # rows that are streamed never are
            raise DataError(
                f"{rows.source}: rows that follow each other in time make no folds, "
                "because a fold would be forecast from what came after it. Hold the "
                "last rows back instead: `run.split` does."
            )
        outside, inside = fold_split(rows.target, self, seed=seed, source=rows.source)
        return rows[outside], rows[inside]


def fold_split(
    target: Tensor, fold: Fold, *, seed: int, source: str
) -> tuple[Tensor, Tensor]:
    """Return the numbers of the rows outside and inside a fold, by their targets."""
    count = len(target)
    if fold.count > count:
        raise DataError(
            f"{source}: {count} row{'' if count == 1 else 's'} can't be parted into "
            f"{fold.count} folds."
        )
    if fold.stratified and target.ndim > 1:
        raise DataError(
            f"{source}: stratified folds need one label a row, and these rows have "
            f"{target.shape[1]}."
        )
    if not 0 <= fold.number < fold.count:
        raise DataError(
            f"{source}: {count} rows have no fold {fold.number} of {fold.count}."
        )
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    if fold.stratified:
        order = order[target[order].argsort(stable=True)]
    inside = torch.zeros(count, dtype=torch.bool)
    inside[order[fold.number :: fold.count]] = True
    return (~inside).nonzero()[:, 0], inside.nonzero()[:, 0]


def child_run(run: Any, *, seed: int) -> Any:
    """Return a run of its own for the same model, as for a fold of the rows."""
    return type(run)(run.spec, seed=seed, smoke=run.smoke, device=run.device)
