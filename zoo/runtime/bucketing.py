"""Orders of rows other than any: those of like length share a batch."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["bucket_by_length"]

POOL_BATCHES = 50  # batches whose rows are sorted together


def bucket_by_length(
    length: Tensor,
) -> Callable[[Tensor, int, torch.Generator], Tensor]:
    """Return an `order` for `run.batches` by the length of each row, (rows,).

    Rows of like length share a batch, so that short texts are not filled up to the
    longest of all. They are sorted within fifty batches, and the batches are shuffled:
    who shares one, and when it comes, is drawn each time. What fills no batch comes
    last.
    """

    def order(drawn: Tensor, size: int, random: torch.Generator) -> Tensor:
        pools = drawn.split(POOL_BATCHES * size)
        sorted_ = torch.cat([one[length[one].argsort(stable=True)] for one in pools])
        full = sorted_[: len(drawn) // size * size].view(-1, size)
        mixed = full[torch.randperm(len(full), generator=random)].flatten()
        return torch.cat([mixed, sorted_[len(mixed) :]])

    return order
