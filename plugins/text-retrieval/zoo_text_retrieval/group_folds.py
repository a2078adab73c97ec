"""Folds that hold whole groups: the posts of a thread are in the same fold.

Posts of one thread share words that later threads do not: a model that has seen some
of them looks better on the others than it will be on what is written next month, and
the test split was written later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

__all__ = ["group_folds", "group_ids"]


def group_ids(groups: Sequence[str]) -> Tensor:
    """Return the number of each row's group, from 0."""
    ids = {name: number for number, name in enumerate(sorted(set(groups)))}
    return torch.tensor([ids[name] for name in groups])


def group_folds(group: Tensor, folds: int, *, seed: int) -> Iterator[Tensor]:
    """Yield which rows are in each fold: whole groups, assigned by the seed."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(int(group.max()) + 1, generator=generator)
    for number in range(folds):
        yield order[group] % folds == number
