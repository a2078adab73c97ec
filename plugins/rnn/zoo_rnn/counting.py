"""What groups of characters say, counted and solved: nothing here is drawn by chance.

Wang and Manning: "Baselines and bigrams: simple, good sentiment and topic
classification", 2012, weigh a group by how much oftener it stands in good texts than in
bad ones, and let a linear classifier correct that. Here it is logistic regression,
which has one best answer. It is searched for until few steps remain to it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, logsigmoid

from zoo.datasets.in_memory import TensorRows
from zoo_rnn.gru import FILLING, LARGEST, Wide

__all__ = ["shares", "solve"]

CHUNK = 1000  # texts that are looked at together


class _Bags:
    """Numbers of things in bags; `sum` adds up a value of each thing by bag."""

    def __init__(self, things: Tensor, bag: Tensor, count: int) -> None:
        order = bag.argsort(stable=True)
        self.things = things[order]
        self.size = bag.bincount(minlength=count)
        self.start = self.size.cumsum(dim=0) - self.size

    def sum(self, values: Tensor) -> Tensor:
        """Return (bags,) of values (things,)."""
        summed = embedding_bag(self.things, values[:, None], self.start, mode="sum")
        return summed[:, 0]


def solve(wide: Wide, rows: TensorRows, *, strength: float, steps: int) -> None:
    """Write the list, and what its groups say of whether a text is of class 1.

    Listed are the groups that tell most. `strength` is how much the texts count against
    what keeps numbers small: C, as scikit-learn calls it.
    """
    good = rows.target.float()
    gram, text = _listed(wide, rows.input, good)
    by_text = _Bags(gram, text, len(rows))
    by_gram = _Bags(text, gram, len(wide.listed))
    scale = by_text.size.clamp(min=1).sqrt().reciprocal()
    ratio = _ratio(by_gram.sum(good), by_gram.sum(1 - good))
    side = 2 * good - 1
    weight = torch.zeros(len(wide.listed), requires_grad=True)
    search = torch.optim.LBFGS(
        [weight], max_iter=steps, line_search_fn="strong_wolfe", tolerance_change=0
    )

    @torch.no_grad()
    def closure() -> float:
        margin = by_text.sum(weight * ratio) * scale * side
        cost = weight.square().sum() / 2 - strength * logsigmoid(margin).sum()
        slope = by_gram.sum((-margin).sigmoid() * side * scale) * ratio
        weight.grad = weight - strength * slope
        return cost.item()

    search.step(closure)
    with torch.no_grad():
        wide.said.weight.copy_((weight * ratio)[:, None])


def shares(said: Sequence[Tensor], target: Tensor) -> Tensor:
    """Return how much each of several log odds, (rows,), counts, and a constant.

    Their sum, so weighed, is the most likely: logistic regression on a few numbers.
    """
    given = torch.stack([*said, torch.ones(len(target))], dim=1).double()
    side = (2 * target - 1).double()
    share = torch.zeros(given.shape[1]).double().requires_grad_()
    search = torch.optim.LBFGS([share], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        cost = -logsigmoid(given @ share * side).mean()
        cost.backward()
        return cost

    search.step(closure)
    return share.detach().float()


def _listed(wide: Wide, token: Tensor, good: Tensor) -> tuple[Tensor, Tensor]:
    """Write the list; return which of it stands in which text, (standing,) each."""
    number, text = _standing(wide, token)
    known, place, often = number.unique(return_inverse=True, return_counts=True)
    right = torch.zeros(len(known)).index_add_(0, place, good[text])
    # By how many deviations the share of good texts differs from a half; few texts
    # that have a group deviate soon, so it must stand in two.
    telling = ((2 * right - often).abs() / often.sqrt()).masked_fill(often < 2, -1)
    most = telling.argsort(descending=True, stable=True)[: len(wide.listed)].sort()
    row = torch.full_like(often, -1)
    row[most.values] = torch.arange(len(most.values))
    wide.listed.fill_(LARGEST)
    wide.listed[: len(most.values)] = known[most.values].to(wide.listed)
    there = row[place] >= 0
    return row[place][there], text[there]


def _standing(wide: Wide, token: Tensor) -> tuple[Tensor, Tensor]:
    """Return the number of every group in every text, and the number of the text."""
    numbers, texts = [], []
    for start in range(0, len(token), CHUNK):
        part = token[start : start + CHUNK]
        made = wide.different(part[:, (part != wide.padding).any(dim=0)])
        text, column = (made != FILLING).nonzero(as_tuple=True)
        numbers.append(made[text, column])
        texts.append(text + start)
    return torch.cat(numbers), torch.cat(texts)


def _ratio(good: Tensor, bad: Tensor) -> Tensor:
    """Return how much oftener good texts have a group than bad ones: a logarithm."""
    good, bad = good + 1, bad + 1
    return (good / good.sum()).log() - (bad / bad.sum()).log()
