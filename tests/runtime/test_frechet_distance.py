"""The Fréchet distance is the published formula's, by scipy's matrix root."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

import zoo
from zoo.errors import Collapsed
from zoo.runtime.features import extract_features
from zoo.runtime.frechet_distance import (
    feature_diversity,
    frechet_distance,
    frechet_from_features,
)
from zoo.runtime.mode_collapse import check_mode_collapse


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

    assert frechet_from_features(one, other) == pytest.approx(wanted, rel=1e-6)


def test_equal_sets_are_no_distance_apart() -> None:
    """
    The order of rows does not count, and rounding does not make it negative.
    """
    one = features(0)

    assert 0 <= frechet_from_features(one, one.flip(0)) < 1e-6


def test_directions_without_variance_are_no_trouble() -> None:
    """
    A feature that never changes, as of a dead unit, adds nothing; and fewer rows than
    numbers are allowed.
    """
    one, other = features(0), features(1)
    dead = torch.zeros(len(one), 1)
    padded = frechet_from_features(
        torch.cat([one, dead], 1), torch.cat([other, dead], 1)
    )

    assert padded == pytest.approx(frechet_from_features(one, other), rel=1e-6)
    assert frechet_from_features(one[:5], other[:5]) > 0


def test_fewer_rows_than_numbers_are_the_same_formula() -> None:
    """
    Features that never change add nothing: with a hundred of them forty rows are fewer
    than numbers, and distance and variety stay what they are without them.
    """
    one, other = features(0, rows=40), features(1, rows=40)
    dead = torch.full((40, 100), 0.5)
    wide, others = torch.cat([one, dead], 1), torch.cat([other, dead], 1)

    assert frechet_from_features(wide, others) == pytest.approx(
        frechet_from_features(one, other), rel=1e-9
    )
    assert feature_diversity(wide, others) == pytest.approx(
        feature_diversity(one, other), rel=1e-9
    )


def test_many_more_numbers_than_rows_have_a_distance() -> None:
    """
    Ten rows of 1,280 numbers, of which nine directions have any spread; a set is at no
    distance from itself, and as varied.
    """
    one, other = features(0, 10, 1280), features(1, 10, 1280)

    assert frechet_from_features(one, other) > 0
    assert frechet_from_features(one, one) == pytest.approx(0, abs=1e-4)
    assert feature_diversity(one, one) == pytest.approx(1, abs=1e-6)


def test_the_judge_is_asked_for_what_its_head_is_given() -> None:
    """
    In eval mode, in parts as a whole, and without a trace left in the judge.
    """
    torch.manual_seed(0)
    judge = zoo.build("lenet5-mnist").train()
    random = torch.Generator().manual_seed(0)
    found, real = torch.rand(2, 30, 1, 28, 28, generator=random)

    whole = extract_features(judge, found)

    assert whole.shape == (30, 84)
    assert torch.allclose(
        extract_features(judge, found, batch_size=7), whole, atol=1e-5
    )
    assert frechet_distance(judge, found, real) == frechet_from_features(
        whole, extract_features(judge, real)
    )
    assert judge.training


def test_one_picture_has_no_variety_and_real_ones_have_all() -> None:
    """
    Whatever the units of the features; five pictures span four of twelve directions.
    """
    real = features(0)
    scale = torch.logspace(-1, 1, 12)
    few = real[torch.arange(400) % 5]

    assert feature_diversity(real[:1].repeat(400, 1), real) == pytest.approx(
        0, abs=1e-6
    )
    assert feature_diversity(real.flip(0), real) == pytest.approx(1, abs=1e-6)
    assert feature_diversity(real * 3, real) == pytest.approx(1, abs=1e-6)
    assert feature_diversity(few * scale, real * scale) == pytest.approx(
        feature_diversity(few, real)
    )
    assert 0.1 < feature_diversity(few, real) <= 4 / 12


def test_half_the_deviation_is_a_quarter_of_the_variety() -> None:
    """
    Spread is counted as variance, in the directions in which real rows have some.
    """
    real = torch.cat([features(0), torch.zeros(400, 1)], dim=1)

    assert feature_diversity(real / 2, real) == pytest.approx(0.25, rel=1e-6)


def test_a_run_whose_samples_are_all_alike_is_ended() -> None:
    """
    After three epochs in a row, not at the first, which may pass.
    """
    history = [{"epoch": float(n), "variety": v} for n, v in enumerate((0.0, 0.1, 0.6))]
    rows = [*history, *({"epoch": n, "variety": 0.04} for n in (3.0, 4.0))]
    check_mode_collapse(history[:2])
    check_mode_collapse(rows)

    with pytest.raises(Collapsed) as told:
        check_mode_collapse([*rows, {"epoch": 5.0, "variety": 0.03}])

    assert str(told.value) == (
        "The generator has collapsed: after epoch 5 its samples have 3% of the variety "
        "of real rows. Let the critic learn more slowly, or start from another seed "
        "(the setting seed)."
    )
