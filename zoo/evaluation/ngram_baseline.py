"""N-gram language models: the baseline of a language model.

Interpolated modified Kneser-Ney smoothing: Chen, Goodman, "An empirical study of
smoothing techniques for language modeling", 1999. Discounted counts after the last
tokens are mixed with those after fewer tokens, down to a uniform distribution.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Ngrams"]

CLASSES = 3  # sequences seen once, twice, and more often are discounted differently


@dataclass(frozen=True)
class _Order:
    """Sequences of one length, as sorted numbers, and their probabilities.

    `share` is the discounted probability of a sequence, `rest` the probability that its
    context leaves to shorter sequences.
    """

    keys: Tensor
    share: Tensor
    context: Tensor
    rest: Tensor


class Ngrams:
    """An n-gram model of up to `order` tokens, fitted to a text, (tokens,)."""

    def __init__(self, token: Tensor, *, order: int, vocabulary: int) -> None:
        if vocabulary**order >= 2**63:
            raise ValueError(f"{order} tokens of {vocabulary} make no whole number.")
        self.order, self.vocabulary = order, vocabulary
        self._orders: list[_Order] = []
        keys, count = _keys(token, order, vocabulary).unique(return_counts=True)
        for length in range(order, 0, -1):
            self._orders.insert(0, _smoothed(keys, count, vocabulary))
            # A shorter sequence counts once for each token that was seen before it.
            shorter = keys % vocabulary ** (length - 1)
            keys, count = shorter.unique(return_counts=True)

    def __len__(self) -> int:
        """Return the number of sequences of all lengths."""
        return sum(len(level.keys) for level in self._orders)

    def nats(self, token: Tensor) -> Tensor:
        """Return the negative log-likelihood of each token in nats, from the first with
        `order` - 1 tokens before it."""
        keys = _keys(token, self.order, self.vocabulary)
        chance = torch.full(keys.shape, 1 / self.vocabulary, dtype=torch.float64)
        for length, level in enumerate(self._orders, start=1):
            suffix = keys % self.vocabulary**length
            own = _find(level.keys, level.share, suffix, 0.0)
            context = suffix.div(self.vocabulary, rounding_mode="floor")
            chance = own + _find(level.context, level.rest, context, 1.0) * chance
        return -chance.log()


def _keys(token: Tensor, order: int, vocabulary: int) -> Tensor:
    """Return each sequence of `order` tokens as one number, the last token last."""
    rows = token.long().unfold(0, order, 1)
    power = vocabulary ** torch.arange(order - 1, -1, -1)
    return (rows * power).sum(dim=1)


def _smoothed(keys: Tensor, count: Tensor, vocabulary: int) -> _Order:
    discount = _discounts(count)[count.clamp(max=CLASSES)]
    context, place = keys.div(vocabulary, rounding_mode="floor").unique(
        return_inverse=True
    )
    empty = torch.zeros(len(context), dtype=torch.float64)
    total = empty.index_add(0, place, count.double())
    removed = empty.index_add(0, place, discount)
    return _Order(keys, (count - discount) / total[place], context, removed / total)


def _discounts(count: Tensor) -> Tensor:
    """Return the discounts of sequences seen 0, 1, 2, and 3 or more times."""
    frequencies = [(count == times).sum().item() for times in range(1, CLASSES + 2)]
    if not all(frequencies):  # too little text to estimate from
        return torch.tensor([0.0, 0.5, 0.5, 0.5], dtype=torch.float64)
    base = frequencies[0] / (frequencies[0] + 2 * frequencies[1])
    discounts = [
        times - (times + 1) * base * frequencies[times] / frequencies[times - 1]
        for times in range(1, CLASSES + 1)
    ]
    return torch.tensor([0.0, *discounts], dtype=torch.float64).clamp(min=0)


def _find(keys: Tensor, value: Tensor, query: Tensor, otherwise: float) -> Tensor:
    place = torch.searchsorted(keys, query).clamp(max=len(keys) - 1)
    return torch.where(keys[place] == query, value[place], otherwise)
