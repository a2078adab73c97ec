"""What only the heartbeat autoencoder promises; the rest is in zoo.testing."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn
from torch.nn.functional import l1_loss
from zoo_autoencoder.ecg_ae import ecg_autoencoder
from zoo_autoencoder.ecg_ae_recipe import best_threshold, course_threshold, evaluate
from zoo_autoencoder.ecg_ae_report import pca_score

import zoo
from zoo.recipes import TensorRows

NAME = "ae-ecg5000"


def test_the_sizes_are_the_courses() -> None:
    """
    140-32-16-8-16-32-140.
    """
    layers = [one for one in ecg_autoencoder().modules() if isinstance(one, nn.Linear)]

    assert [(one.in_features, one.out_features) for one in layers] == [
        (140, 32),
        (32, 16),
        (16, 8),
        (8, 16),
        (16, 32),
        (32, 140),
    ]


def test_the_score_is_the_error_of_the_scaled_beat() -> None:
    """
    The same numbers come out of NumPy, layer by layer.
    """
    torch.manual_seed(0)
    model, beat = ecg_autoencoder().eval(), torch.randn(3, 140, 1)
    model.low.fill_(-4.0)
    model.high.fill_(6.0)
    model.threshold.fill_(0.25)
    scaled = values = (beat.numpy().reshape(3, 140) + 4) / 10
    layers = [one for one in model.modules() if isinstance(one, nn.Linear)]
    for number, layer in enumerate(layers):
        weight, bias = (p.detach().numpy() for p in layer.parameters())
        values = values @ weight.T + bias
        values = values.clip(0) if number < 5 else 1 / (1 + np.exp(-values))
    output = model(beat).detach()

    assert output[:, 0].numpy() == pytest.approx(
        np.abs(values - scaled).mean(axis=1), abs=1e-5
    )
    assert output[:, 1].tolist() == [0.25] * 3


def test_a_reconstruction_is_in_the_unit_of_beats() -> None:
    """
    Scaled again, it is as far from the beat as the score says.
    """
    torch.manual_seed(0)
    model, beat = ecg_autoencoder(), torch.randn(1, 140, 1)
    model.low.fill_(-4.0)
    model.high.fill_(6.0)

    with torch.no_grad():
        error = l1_loss(model.reconstruct(beat), beat) / 10
        assert model.error(beat)[0].item() == pytest.approx(error.item(), abs=1e-5)


def test_the_best_threshold_has_the_most_right_answers() -> None:
    """
    No threshold between two scores has more.
    """
    random = torch.Generator().manual_seed(0)
    unusual = torch.rand(60, generator=random) < 0.4
    score = torch.randn(60, generator=random) + unusual
    found = best_threshold(score, unusual)
    between = score.sort().values
    tried = (between[1:] + between[:-1]) / 2
    right = [((score > one) == unusual).sum().item() for one in tried]

    assert ((score > found) == unusual).sum().item() == max(right)


def test_a_threshold_lies_halfway_where_scores_are_apart() -> None:
    """
    Where both kinds can be told apart, and where all rows are normal.
    """
    score = torch.tensor([4.0, 1.0, 2.0])

    assert best_threshold(score, torch.tensor([True, False, False])) == 3.0
    assert best_threshold(score, torch.tensor([False] * 3)) == 4.0


def test_the_courses_threshold_is_of_normal_rows() -> None:
    """
    NumPy's mean plus its standard deviation, without the unusual rows.
    """
    score, unusual = torch.tensor([1.0, 2.0, 6.0]), torch.tensor([False, False, True])

    assert course_threshold(score, unusual) == pytest.approx(1.5 + np.std([1, 2]))


def test_the_score_of_pca_is_scikit_learns() -> None:
    """
    The squared error of what is rebuilt from a few components.
    """
    random = torch.Generator().manual_seed(0)
    normal, others = (
        TensorRows(
            input=torch.randn(30, 140, 1, generator=random),
            target=torch.zeros(30),
            source="made/test",
        )
        for _ in range(2)
    )
    pca = PCA(4).fit(normal.input[:, :, 0].double().numpy())
    flat = others.input[:, :, 0].double().numpy()
    rebuilt = pca.inverse_transform(pca.transform(flat))

    assert pca_score(normal, others, 4).numpy() == pytest.approx(
        ((flat - rebuilt) ** 2).mean(axis=1)
    )


def test_evaluate_counts_what_is_above_the_threshold() -> None:
    """
    A target of 1 is an unusual beat.
    """
    torch.manual_seed(0)
    model: Any = zoo.build(NAME)
    beats = torch.cat([torch.zeros(2, 140, 1), torch.full((2, 140, 1), 9.0)])
    model.threshold.fill_(4.0)
    rows = TensorRows(input=beats, target=torch.tensor([0, 0, 1, 1]), source="made")

    assert evaluate(model, rows) == {
        "roc_auc": 1.0,
        "accuracy": 1.0,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
    }


def test_the_mean_beat_is_normal_and_noise_is_not() -> None:
    """
    So are the mean beat upside down, and a flat line.
    """
    path = zoo.example(NAME)
    beat = np.loadtxt(path, skiprows=1)
    normal, noise = (
        zoo.predict(NAME, path.with_name(f"{name}.csv")) for name in ("beat", "noise")
    )
    turned, flat = zoo.predict(NAME, [-beat[:, None], np.zeros((140, 1))])

    assert not normal.is_anomaly
    assert noise.is_anomaly
    assert turned.is_anomaly
    assert flat.is_anomaly
    assert noise.threshold == normal.threshold


def test_the_card_begins_with_what_is_ahead() -> None:
    """
    Principal components by the area under the curve, and logistic regression by
    accuracy, which is told at once.
    """
    path = zoo.example(NAME).parents[1] / "checkpoints" / NAME / "README.md"
    start = path.read_text(encoding="utf-8").partition("```python")[0]

    assert "**A simple method is ahead:** 8 principal components reaches roc" in start
    assert "logistic regression on all labels reaches accuracy" in start
