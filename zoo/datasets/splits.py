"""Which rows go where: a part to fit and one held back, and the folds of the whole.

Knows numbers of rows; does not know what is in them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.errors import DataError, TrainingError

__all__ = ["Fold", "batch_order", "batch_shares", "fold_split", "random_split"]

POOL = 50  # batches whose rows are sorted together


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One part of a cross-validation: `number` of `count`, from 0.

    Stratified folds hold every label in the proportion of the whole.
    """

    number: int
    count: int
    stratified: bool = False


def random_split(
    count: int, fraction: float, *, seed: int | None, source: str
) -> tuple[Tensor, Tensor]:
    """Return the rows of two parts in random order, the first with `fraction`.

    Without a seed they stay in their order.
    """
    order = torch.arange(count)
    if seed is not None:
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    border = round(fraction * count)
    if not 0 < border < count:
        raise DataError(f"{source}: {count} rows can't be split at {fraction}.")
    return order[:border], order[border:]


def fold_split(
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


def batch_order(
    count: int, size: int, random: torch.Generator, length: Tensor | None = None
) -> Tensor:
    """Return the numbers of `count` rows in an order drawn afresh.

    With `length`, (count,), rows of like length share a batch of `size`, so that short
    texts are not filled up to the longest of all. They are sorted within fifty batches,
    and the batches are shuffled: who shares one, and when it comes, is drawn each time.
    What fills no batch comes last.
    """
    order = torch.randperm(count, generator=random)
    if length is None or size < 1:
        return order
    pools = order.split(POOL * size)
    by_length = torch.cat([pool[length[pool].argsort(stable=True)] for pool in pools])
    full = by_length[: count // size * size].view(-1, size)
    mixed = full[torch.randperm(len(full), generator=random)].flatten()
    return torch.cat([mixed, by_length[len(mixed) :]])


def batch_shares(
    order: Tensor, size: int, *, rank: int, world: int
) -> Iterator[Tensor]:
    """Yield the rows of each batch of `size` that fall to one of several processes."""
    if size < 1 or not len(order):
        raise TrainingError(f"{len(order)} rows make no batches of {size}.")
    for picked in order.split(size):
        yield picked if world == 1 else picked[rank::world]
