"""A linear head on features, solved exactly: where it starts, and how far it may go.

It starts from what the old head knew. A new class begins as the mixture of old classes
that the old head saw in its rows, which for "bees" is mostly "bee". From there, a
penalty on the squared distance to the start (L2-SP: Li, Grandvalet, Davoine: "Explicit
inductive bias for transfer learning with convolutional networks", 2018) says how much
the new rows count. Its strength is chosen by cross-validation on the training rows.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from zoo.finetuning.row_blocks import (
    BLOCK_ROWS,
    SelectedRows,
    linear_of_rows,
)

__all__ = ["Choice", "choose", "mixture", "most_regularized", "solve"]

L2_GRID = (1e9, 1.0, 0.1, 0.01, 1e-3, 1e-4)  # from "stay at the start" to "go anywhere"
FOLDS = 5
FEW_ROWS, REPEATS = 1000, 3  # rows so few that one parting into folds would be luck
MAX_WORK = 2e9  # rows x features x classes above which one fold has to do
MAX_STEPS = 150  # of L-BFGS, each with a line search

Loss = Callable[[Tensor, Tensor], Tensor]  # output and target to a mean loss
Score = Callable[[Tensor, Tensor], float]  # the same to a figure, more is better
Right = Callable[[Tensor, Tensor], Tensor]  # the same to a share of each row, 0 or 1
LinearWeights = tuple[Tensor, Tensor]  # weight (classes, features) and bias (classes,)


@dataclass(frozen=True)
class Choice:
    """A start and a pull that were tried, and the score on rows that were left out.

    It is `within_one_se` where chance may have made it worse than the best.
    """

    start: str
    l2: float
    score: float
    within_one_se: bool


def mixture(
    old: nn.Linear, features: Tensor, target: Tensor, classes: int, rows: Tensor
) -> LinearWeights:
    """Return the head whose classes are mixtures of the old head's.

    The share of an old class in a new one is its mean probability over those of the
    `rows` that are of the new one. (classes, features) and (classes,).
    """
    with torch.no_grad():
        total = features.new_zeros(classes, old.out_features)
        for part, block in SelectedRows(features, rows).blocks():
            seen = old(block).softmax(dim=1)  # (rows, old classes)
            member = nn.functional.one_hot(target[rows[part]], classes)
            total += member.to(seen.dtype).T @ seen
        # of a class without rows: no share
        counts = target[rows].bincount(minlength=classes).clamp(min=1)
        shares = total / counts[:, None]  # (classes, old classes)
        bias = torch.zeros(classes) if old.bias is None else shares @ old.bias
        return shares @ old.weight, bias


def solve(
    start: LinearWeights,
    features: Tensor | SelectedRows,
    target: Tensor,
    loss: Loss,
    *,
    l2: float,
    begin: LinearWeights | None = None,
) -> LinearWeights:
    """Return the head with the least loss plus `l2` times its squared distance.

    The search begins at `begin`, by default at the start. What it ends at is the same,
    the problem being convex. `target` is of as many rows as `features`.
    """
    if l2 >= L2_GRID[0]:
        return start
    weight, bias = (value.clone().requires_grad_() for value in begin or start)
    search = torch.optim.LBFGS(
        [weight, bias], max_iter=MAX_STEPS, line_search_fn="strong_wolfe"
    )

    def closure() -> float:
        search.zero_grad()
        if isinstance(features, SelectedRows):
            output = linear_of_rows(features, weight, bias)
        else:
            output = features @ weight.T + bias
        cost = loss(output, target)
        cost = cost + l2 * (weight - start[0]).square().sum()
        cost.backward()
        return cost.item()

    search.step(closure)
    return weight.detach(), bias.detach()


def choose(
    starts: Callable[[Tensor], dict[str, LinearWeights]],
    features: Tensor,
    target: Tensor,
    loss: Loss,
    score: Score,
    *,
    seed: int,
    stratified: bool,
    copies: int = 1,
    l2_grid: Sequence[float] = L2_GRID,
    right: Right | None = None,
) -> list[Choice]:
    """Return every start and pull that was tried, the best first.

    `starts` gives the starts, by name, that rows allow, by number. Each is tried on
    folds of the rows. Where there are `copies`, all rows follow each other that often:
    the copies of a row are left out with it, and only the row itself is asked about.
    `right` marks the rows with a right prediction, where the score is their share.
    """
    outputs: dict[tuple[str, float], list[Tensor]] = {}
    answers: list[Tensor] = []
    rows = len(target) // copies
    plain, asked = features[:rows], target[:rows]
    for inside in _folds(plain, asked, seed=seed, stratified=stratified):
        fitting = (~inside.repeat(copies)).nonzero()[:, 0]
        few = len(fitting) <= BLOCK_ROWS  # copied once a fold, not once a search
        given = features[fitting] if few else SelectedRows(features, fitting)
        left = inside.nonzero()[:, 0]
        unseen = SelectedRows(plain, left)
        answers.append(asked[left])
        for name, start in starts(fitting).items():
            now = start
            for l2 in l2_grid:  # each search begins where the last one ended
                now = solve(
                    start,
                    given,
                    target[fitting],
                    loss,
                    l2=l2,
                    begin=now,
                )
                output = linear_of_rows(unseen, *now)
                outputs.setdefault((name, l2), []).append(output)
    # All rows at once: the mean over folds would count the rows of small folds more.
    predictions = {choice: torch.cat(parts) for choice, parts in outputs.items()}
    return _ranked(predictions, torch.cat(answers), score, right, rows)


def _ranked(
    predictions: Mapping[tuple[str, float], Tensor],
    answers: Tensor,
    score: Score,
    right: Right | None,
    rows: int,
) -> list[Choice]:
    """Return choices by their score on the rows that were left out, best first."""
    scores = {
        choice: score(predicted, answers) for choice, predicted in predictions.items()
    }
    best = max(scores, key=lambda choice: (scores[choice], choice[1]))
    tried = [
        Choice(*choice, value, value == scores[best])
        for choice, value in scores.items()
    ]
    if right is not None:
        hits = {
            choice: right(predicted, answers)
            for choice, predicted in predictions.items()
        }
        often = len(answers) / rows  # each row was asked so often
        tried = [
            replace(
                one, within_one_se=_close(hits[best], hits[one.start, one.l2], often)
            )
            for one in tried
        ]
    return sorted(tried, key=lambda one: (-one.score, -one.l2))


def most_regularized(tried: list[Choice]) -> Choice:
    """Return the choice that stays nearest to its start, of those close to the best.

    The rule of one standard error (Breiman et al., "Classification and regression
    trees", 1984): few rows say little, and what the old head knew stays; many say more.
    """
    return max((c for c in tried if c.within_one_se), key=lambda c: (c.l2, c.score))


def _close(best: Tensor, other: Tensor, often: float) -> bool:
    """Return whether `other` is behind by no more than one standard error.

    Both were asked about the same rows: only those on which they differ count, and a
    row that was asked several times counts once.
    """
    behind = (best - other).sum().item() / often
    differ = (best != other).sum().item() / often
    return behind <= math.sqrt(differ)


def _folds(
    features: Tensor, target: Tensor, *, seed: int, stratified: bool
) -> Iterator[Tensor]:
    """Yield masks of the rows to leave out: of few rows several times over, of very
    many once."""
    random = torch.Generator().manual_seed(seed)
    classes = len(target.unique()) if stratified else 1
    large = features.numel() * classes > MAX_WORK
    for _ in range(1 if large or len(target) > FEW_ROWS else REPEATS):
        order = torch.randperm(len(target), generator=random)
        if stratified:
            order = order[target[order].argsort(stable=True)]
        for number in range(1 if large else FOLDS):
            inside = torch.zeros(len(target), dtype=torch.bool)
            inside[order[number::FOLDS]] = True
            yield inside
