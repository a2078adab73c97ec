"""Which rows go where: a part to fit and one held back, and the folds of the whole.

Knows numbers of rows; does not know what is in them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.errors import DataError, TrainingError

__all__ = ["Fold", "folded", "halves", "shares"]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One part of a cross-validation: `number` of `count`, from 0.

    Stratified folds hold every label in the proportion of the whole.
    """

    number: int
    count: int
    stratified: bool = False


def halves(
    count: int, fraction: float, *, seed: int, source: str
) -> tuple[Tensor, Tensor]:
    """Return the rows of two parts in random order, the first with `fraction`."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    border = round(fraction * count)
    if not 0 < border < count:
        raise DataError(f"{source}: {count} rows can't be split at {fraction}.")
    return order[:border], order[border:]


def folded(
    target: Tensor, fold: Fold, *, seed: int, source: str
) -> tuple[Tensor, Tensor]:
    """Return the rows outside and inside a fold, by their targets."""
    count = len(target)
    if fold.count > count:
        raise DataError(
            f"{source}: {count} rows can't be parted into {fold.count} folds."
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


def shares(order: Tensor, size: int, *, rank: int, world: int) -> Iterator[Tensor]:
    """Yield the rows of each batch of `size` that fall to one of several processes."""
    if size < 1 or not len(order):
        raise TrainingError(f"{len(order)} rows make no batches of {size}.")
    for picked in order.split(size):
        yield picked if world == 1 else picked[rank::world]
