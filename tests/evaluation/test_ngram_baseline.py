"""Tables of token sequences, smoothed as Chen and Goodman describe it."""

import math
from collections import Counter

import pytest
import torch
from torch import Tensor

from zoo.evaluation.ngram_baseline import Ngrams

KINDS = 7


@pytest.fixture
def text() -> Tensor:
    """Tokens that often follow their neighbour by number."""
    random = torch.Generator().manual_seed(0)
    steps = torch.multinomial(torch.tensor([8.0, 4, 2, 1]), 600, True, generator=random)
    return steps.cumsum(dim=0) % KINDS


class Plain:
    """The same table by dictionaries, word for word after the paper."""

    def __init__(self, text: list[int], order: int) -> None:
        def grams(n: int) -> Counter[tuple[int, ...]]:
            return Counter(tuple(text[i - n : i]) for i in range(order, len(text) + 1))

        self.counts = {order: grams(order)}
        for n in range(order - 1, 0, -1):
            self.counts[n] = Counter(gram[1:] for gram in self.counts[n + 1])

    def chance(self, context: tuple[int, ...], token: int) -> float:
        counts = self.counts[len(context) + 1]
        shorter = self.chance(context[1:], token) if context else 1 / KINDS
        here = {g: c for g, c in counts.items() if g[:-1] == context}
        if not here:
            return shorter
        ones, twos, threes, fours = (
            sum(c == times for c in counts.values()) for times in (1, 2, 3, 4)
        )
        taken = [0.0, 0.5, 0.5, 0.5]
        if ones and twos and threes and fours:
            base = ones / (ones + 2 * twos)
            taken = [0.0, 1 - 2 * base * twos / ones, 2 - 3 * base * threes / twos]
            taken = [max(0.0, d) for d in (*taken, 3 - 4 * base * fours / threes)]
        own = here.get((*context, token), 0)
        rest = sum(taken[min(c, 3)] for c in here.values())
        return (own - taken[min(own, 3)] + rest * shorter) / sum(here.values())


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_a_token_costs_what_the_paper_says(text: Tensor, order: int) -> None:
    """
    After seen and unseen contexts, by another and slower way of counting.
    """
    plain = Plain(text.tolist(), order)
    asked = torch.randint(
        KINDS, (40,), generator=torch.Generator().manual_seed(1)
    ).tolist()
    wanted = [
        -math.log(plain.chance(tuple(asked[i - order + 1 : i]), asked[i]))
        for i in range(order - 1, len(asked))
    ]
    found = Ngrams(text, order=order, vocabulary=KINDS).nats(torch.tensor(asked))

    assert found.tolist() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("context", [[0, 1], [6, 6], [5, 0]])
def test_chances_sum_to_one(text: Tensor, context: list[int]) -> None:
    """
    Over all tokens, after any two others.
    """
    table = Ngrams(text, order=3, vocabulary=KINDS)
    found = [table.nats(torch.tensor([*context, n])).item() for n in range(KINDS)]

    assert sum(math.exp(-cost) for cost in found) == pytest.approx(1)


def test_longer_sequences_tell_more(text: Tensor) -> None:
    """
    What follows depends on the token before: two tokens cost less than one.
    """
    costs = [
        Ngrams(text[:500], order=n, vocabulary=KINDS).nats(text[500:]).mean()
        for n in (1, 2)
    ]

    assert costs[1] < costs[0] - 0.4
    assert len(Ngrams(text, order=2, vocabulary=KINDS)) <= KINDS + KINDS**2


def test_sequences_that_no_number_holds_are_refused(text: Tensor) -> None:
    """
    Instead of counting wrongly.
    """
    with pytest.raises(ValueError, match="23 tokens of 7 make no whole number"):
        Ngrams(text, order=23, vocabulary=KINDS)
