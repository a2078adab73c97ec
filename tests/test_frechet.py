"""The Fréchet distance is the published formula's, by scipy's matrix root."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

import zoo
from zoo.frechet import distance, frechet, judged


def features(seed: int, rows: int = 400, numbers: int = 12) -> torch.Tensor:
    """Rows whose numbers hang together."""
    random = torch.Generator().manual_seed(seed)
    mix = torch.randn(numbers, numbers, generator=random)
    return torch.randn(rows, numbers, generator=random) @ mix + seed


def test_it_is_the_published_formula() -> None:
    """
    |m - w|^2 + tr(C + W - 2 (C W)^(1/2)), with scipy's root of a matrix.
    """
    one, other = features(0), features(1)
    first, second = np.cov(one.double().T), np.cov(other.double().T)
    gap = (one - other.mean(dim=0)).double().mean(dim=0).square().sum().item()
    root = sqrtm(first @ second)
    wanted = gap + np.trace(first + second - 2 * np.real(root))

    assert frechet(one, other) == pytest.approx(wanted, rel=1e-6)


def test_equal_sets_are_no_distance_apart() -> None:
    """
    The order of rows does not count, and rounding does not make it negative.
    """
    one = features(0)

    assert 0 <= frechet(one, one.flip(0)) < 1e-6


def test_directions_without_variance_are_no_trouble() -> None:
    """
    A feature that never changes, as of a dead unit, adds nothing; and fewer rows than
    numbers are allowed.
    """
    one, other = features(0), features(1)
    dead = torch.zeros(len(one), 1)
    padded = frechet(torch.cat([one, dead], 1), torch.cat([other, dead], 1))

    assert padded == pytest.approx(frechet(one, other), rel=1e-6)
    assert frechet(one[:5], other[:5]) > 0


def test_the_judge_is_asked_for_what_its_head_is_given() -> None:
    """
    In eval mode, in parts as a whole, and without a trace left in the judge.
    """
    torch.manual_seed(0)
    judge = zoo.build("lenet5-mnist").train()
    random = torch.Generator().manual_seed(0)
    found, real = torch.rand(2, 30, 1, 28, 28, generator=random)

    whole = judged(judge, found)

    assert whole.shape == (30, 84)
    assert torch.allclose(judged(judge, found, batch=7), whole, atol=1e-5)
    assert distance(judge, found, real) == frechet(whole, judged(judge, real))
    assert judge.training
