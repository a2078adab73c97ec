"""What counts of neighbours tell of a hidden token: the simple method beside BERT.

A token is as likely as it comes after the one on the left, times how often the one on
the right comes after it. What was seen between the same two tokens counts beside that.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.datasets.in_memory import TensorRows
from zoo_transformer.hiding import KNOWN

__all__ = ["Neighbours"]

TINY = 1e-12


class Neighbours:
    """Pairs and threes of tokens, counted in rows of tokens, (rows, length).

    `pull` and `trust` are how many sightings the less exact counts are worth: of single
    tokens beside pairs, and of pairs beside threes. A token whose neighbour is hidden
    too, or that stands at an end, is told without that neighbour.
    """

    def __init__(
        self, token: Tensor, *, vocabulary: int, pull: float, trust: float
    ) -> None:
        token = token.long()
        self.vocabulary, self.trust = vocabulary, trust
        count = torch.bincount(token.flatten(), minlength=vocabulary).float() + TINY
        self.single = count / count.sum()
        pair = (token[:, :-1] * vocabulary + token[:, 1:]).flatten()
        pairs = torch.bincount(pair, minlength=vocabulary**2).float()
        pairs = pairs.view(vocabulary, vocabulary)
        total = pairs.sum(dim=1, keepdim=True)
        self.after = (pairs + pull * self.single) / (total + pull)  # of left, here
        three = (token[:, :-2] * vocabulary + token[:, 2:]) * vocabulary
        self.threes, self.seen = (three + token[:, 1:-1]).unique(return_counts=True)

    def told(self, rows: TensorRows, *, mask: int) -> Tensor:
        """Return the logarithms of the chances of each hidden token."""
        padded = pad(rows.input.long(), (1, 1), value=mask)
        asked = rows.target != KNOWN
        left, right = padded[:, :-2][asked], padded[:, 2:][asked]
        parts = zip(left.split(500), right.split(500), strict=True)
        return torch.cat([self._chances(*part, mask).log() for part in parts])

    def _chances(self, left: Tensor, right: Tensor, mask: int) -> Tensor:
        first = torch.where((left == mask)[:, None], self.single, self.after[left])
        second = torch.where((right == mask)[:, None], 1.0, self.after.T[right])
        chance = first * second
        chance = chance / chance.sum(dim=1, keepdim=True)
        between = self._between(left, right)
        total = between.sum(dim=1, keepdim=True)
        return (between + self.trust * chance) / (total + self.trust)

    def _between(self, left: Tensor, right: Tensor) -> Tensor:
        """Return how often each token was seen between two, (places, vocabulary)."""
        found = torch.zeros(len(left), self.vocabulary)
        start = (left * self.vocabulary + right) * self.vocabulary
        begin = torch.searchsorted(self.threes, start)
        end = torch.searchsorted(self.threes, start + self.vocabulary)
        for place, (low, high) in enumerate(zip(begin, end, strict=True)):
            which = self.threes[low:high] % self.vocabulary
            found[place, which] = self.seen[low:high].float()
        return found
