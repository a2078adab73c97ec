"""The exact head: the same as another library's, from the same rows only."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from zoo.finetuning import linear_solver

PULL = 0.01


def clouds(classes: int, rows: int = 150, width: int = 6) -> tuple[Tensor, Tensor]:
    """Return overlapping clouds of points, one for each class."""
    random = torch.Generator().manual_seed(0)
    target = torch.arange(rows) % classes
    middles = torch.randn(classes, width, generator=random)
    return middles[target] + torch.randn(rows, width, generator=random), target


def zeros(classes: int, width: int = 6) -> linear_solver.LinearWeights:
    return torch.zeros(classes, width), torch.zeros(classes)


def independent(features: Tensor, target: Tensor, pull: float) -> LogisticRegression:
    """Return scikit-learn's solution: its penalty is half a square, over all rows."""
    strength = 1 / (2 * pull * len(target))
    model = LogisticRegression(C=strength, tol=1e-8, max_iter=10_000)
    return model.fit(features.double().numpy(), target.numpy())


def test_three_classes_as_scikit_learn() -> None:
    """
    From zeros, with the matching penalty: the same weights, to 1e-3.
    """
    features, target = clouds(3)

    weight, bias = linear_solver.solve(
        zeros(3), features, target, functional.cross_entropy, l2=PULL
    )

    wanted = independent(features, target, PULL)
    apart = bias.numpy() - bias.mean().item() - wanted.intercept_
    assert np.abs(weight.numpy() - wanted.coef_).max() < 1e-3
    assert np.abs(apart + wanted.intercept_.mean()).max() < 1e-3


def test_one_logit_as_scikit_learn() -> None:
    """
    Of two classes one logit is enough.
    """
    features, target = clouds(2)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(
            output.flatten(), target.float()
        )

    weight, bias = linear_solver.solve(zeros(1), features, target, loss, l2=PULL)

    wanted = independent(features, target, PULL)
    assert np.abs(weight.numpy() - wanted.coef_).max() < 1e-3
    assert abs(bias.item() - wanted.intercept_.item()) < 1e-3


def test_the_strongest_pull_stays_at_the_start() -> None:
    """
    Without a search.
    """
    features, target = clouds(3)
    start = torch.ones(3, 6), torch.ones(3)

    found = linear_solver.solve(
        start, features, target, functional.cross_entropy, l2=1e9
    )

    assert found is start


def test_a_weaker_pull_goes_further() -> None:
    """
    The distance to the start grows as the pull falls.
    """
    features, target = clouds(3)

    far = [
        linear_solver.solve(
            zeros(3), features, target, functional.cross_entropy, l2=pull
        )[0]
        .norm()
        .item()
        for pull in linear_solver.L2_GRID[1:]
    ]

    assert far == sorted(far)


def test_a_mixture_of_the_old_classes() -> None:
    """
    A new class whose rows the old head calls its first gets the old head's first row.
    """
    old = nn.Linear(2, 2)
    with torch.no_grad():
        old.weight.copy_(torch.tensor([[30.0, 0.0], [0.0, 30.0]]))
        old.bias.copy_(torch.tensor([1.0, 2.0]))
    features = torch.tensor([[0.0, 3.0], [0.0, 2.0], [3.0, 0.0]])

    weight, bias = linear_solver.mixture(
        old, features, torch.tensor([0, 0, 1]), 2, torch.arange(3)
    )

    assert torch.allclose(weight, old.weight.flip(0), atol=1e-4)
    assert torch.allclose(bias, torch.tensor([2.0, 1.0]), atol=1e-4)


def test_a_class_without_rows_has_no_mixture() -> None:
    """
    Its weights are zeros, not NaN.
    """
    weight, bias = linear_solver.mixture(
        nn.Linear(2, 4), torch.rand(3, 2), torch.tensor([0, 0, 1]), 3, torch.arange(3)
    )

    assert weight[2].tolist() == [0, 0]
    assert bias[2].item() == 0


def accuracy(output: Tensor, target: Tensor) -> float:
    return (output.argmax(dim=1) == target).float().mean().item()


def chosen(
    features: Tensor, target: Tensor, copies: int = 1
) -> list[linear_solver.Choice]:
    return linear_solver.choose(
        lambda rows: {"zeros": zeros(int(target.max()) + 1, features.shape[1])},
        features,
        target,
        functional.cross_entropy,
        accuracy,
        seed=0,
        stratified=True,
        copies=copies,
    )


def test_every_start_and_pull_is_tried() -> None:
    """
    The best comes first, and of equal ones the one nearer to its start.
    """
    tried = chosen(*clouds(3))

    scores = [one.score for one in tried]
    assert len(tried) == len(linear_solver.L2_GRID)
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.7


def test_copies_of_a_row_are_left_out_with_it() -> None:
    """
    Labels of noise are not learned from the row's own copy: were a fold to hold the
    copy of a row it asks about, it would be right.
    """
    random = torch.Generator().manual_seed(1)
    features = torch.randn(60, 80, generator=random)
    target = torch.randint(2, (60,), generator=random)

    tried = chosen(features.repeat(3, 1), target.repeat(3), copies=3)

    assert max(one.score for one in tried) < 0.75


def test_the_nearest_of_about_as_good_ones() -> None:
    """
    A choice that is close to the best wins where it stays nearer to its start.
    """
    tried = [
        linear_solver.Choice("zeros", 0.01, 0.90, within_one_se=True),
        linear_solver.Choice("old", 1.0, 0.89, within_one_se=True),
        linear_solver.Choice("old", 1e9, 0.80, within_one_se=False),
    ]

    assert linear_solver.most_regularized(tried) == tried[1]


@pytest.mark.parametrize(("gained", "lost", "close"), [(9, 7, True), (9, 3, False)])
def test_close_is_told_by_the_rows_that_differ(
    gained: int, lost: int, close: bool
) -> None:
    """
    Of two choices the rows on which both are right, or wrong, say nothing: nine against
    seven may be chance, nine against three is not.
    """
    best, other = torch.ones(1000), torch.ones(1000)
    other[:gained] = 0.0
    best[gained : gained + lost] = 0.0

    assert linear_solver._close(best, other, 1.0) is close
    assert linear_solver._close(best.repeat(3), other.repeat(3), 3.0) is close
