"""What only the deep belief network promises; the rest is in zoo.testing."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import Ridge
from sklearn.neural_network import BernoulliRBM
from torch import Tensor
from zoo_boltzmann.dbn import BinaryLayer, dbn
from zoo_boltzmann.dbn_recipe import (
    contrastive_divergence,
    reconstruction_error,
    start_at_base_rate,
)
from zoo_boltzmann.dbn_report import PENALTY, completed_from_half, least_squares_half

import zoo
from zoo import Run
from zoo.recipes import TensorRows

NAME = "dbn-mnist"


@pytest.fixture
def run() -> Run:
    return Run(zoo.get_spec(NAME))


def layer(visible: int = 9, hidden: int = 5, std: float = 0.5) -> BinaryLayer:
    torch.manual_seed(0)
    made = BinaryLayer(visible, hidden)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0, std)
    return made.requires_grad_(False)


def scikit(own: BinaryLayer) -> Any:
    """scikit-learn's machine with the weights of ours."""
    made = BernoulliRBM(n_components=len(own.hidden_bias), learning_rate=0.1)
    made.components_ = own.W.double().numpy().copy()
    made.intercept_hidden_ = own.hidden_bias.double().numpy().copy()
    made.intercept_visible_ = own.visible_bias.double().numpy().copy()
    return made


def test_the_papers_widths_are_an_option() -> None:
    """
    784-500-500-2000: 1,665,010 weights and biases of the perceptron.
    """
    model = dbn(hidden=(500, 500, 2000))
    perceptron = [*model.layers.parameters(), *model.head.parameters()]

    assert sum(p.numel() for p in perceptron) == 1_665_010
    assert [tuple(p.shape) for p in model.belief.parameters() if p.ndim == 2] == [
        (500, 784),
        (500, 500),
        (2000, 500),
    ]


def test_a_layer_is_scikit_learns_machine() -> None:
    """
    With the same weights, the hidden units have the same probabilities.
    """
    own, visible = layer(), torch.rand(20, 9).round()

    assert np.allclose(own(visible), scikit(own).transform(visible.double()), atol=1e-5)


def test_a_step_of_contrastive_divergence_is_scikit_learns(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """
    From the same data and the same reconstruction, weights and biases change alike.
    """
    own, visible = layer(), torch.rand(20, 9).round()
    theirs, again = scikit(own), torch.rand(20, 9)
    theirs.h_samples_ = np.zeros((20, 5))
    monkeypatch.setattr(
        theirs, "_sample_visibles", lambda h, rng: again.double().numpy()
    )
    monkeypatch.setattr(own, "down", lambda hidden: again)
    theirs._fit(visible.double().numpy(), np.random.RandomState(0))

    contrastive_divergence(own, visible, rate=0.1, run=run)

    assert np.allclose(own.W, theirs.components_, atol=1e-5)
    assert np.allclose(own.visible_bias, theirs.intercept_visible_, atol=1e-5)
    assert np.allclose(own.hidden_bias, theirs.intercept_hidden_, atol=1e-5)


def test_training_a_layer_brings_reconstructions_nearer(run: Run) -> None:
    """
    Of images of one of three white rows, to a tenth of the error at the start.
    """
    torch.manual_seed(0)
    images = torch.zeros(60, 3, 3)
    images[torch.arange(60), torch.arange(60) % 3] = 1
    pixels = images.mul(255).byte()[:, None]
    rows = TensorRows(input=pixels, target=torch.zeros(60), source="made/train")
    model = dbn(pixels=9, hidden=(6,))
    first = model.belief[0]
    assert isinstance(first, BinaryLayer)
    start_at_base_rate(first, rows)
    before = reconstruction_error(model.belief, rows)
    for _ in range(2000):
        contrastive_divergence(first, images.flatten(1), rate=0.3, run=run)

    assert before == pytest.approx(2 / 9, abs=0.01)  # of the base rate, one third
    assert reconstruction_error(model.belief, rows) < before / 10


def test_the_perceptron_starts_as_the_belief_network_goes_up() -> None:
    """
    Its hidden layers give the probabilities of the belief network's, and its own
    training leaves those alone.
    """
    model, image = dbn(hidden=(30, 20)), torch.rand(4, 1, 28, 28)
    model.start_from_belief()
    state = image.flatten(1)
    for one in model.belief:
        state = one(state)

    assert torch.allclose(model.layers(image), state, atol=1e-6)
    model(image).sum().backward()
    assert all(p.grad is None for p in model.belief.parameters())


def test_known_pixels_stay_and_the_others_are_drawn() -> None:
    """
    By the seed; with weights of zero the others have their base rate.
    """
    model, image = dbn(hidden=(30, 20)), torch.rand(4, 1, 28, 28)
    known = torch.zeros(28, 28, dtype=torch.bool)
    known[:14] = True
    first, again = (
        model.complete(image, known, torch.Generator().manual_seed(3)) for _ in range(2)
    )
    for parameter in model.belief.parameters():
        torch.nn.init.zeros_(parameter)

    assert torch.equal(first, again)
    assert torch.allclose(first[:, :, :14], image[:, :, :14])
    rest = model.complete(image, known, torch.Generator())[:, :, 14:]
    assert torch.allclose(rest, torch.full_like(rest, 0.5))


def test_completing_draws_from_the_distribution_of_one_layer() -> None:
    """
    With one layer it is Gibbs sampling, so that the mean of many chains is that of all
    states of the unknown pixels, weighted by their probability.
    """
    model = dbn(pixels=4, hidden=(3,))
    own = layer(4, 3, std=1.0)
    model.belief[0] = own
    states = (torch.arange(4)[:, None] >> torch.arange(2) & 1).float()
    every = torch.cat([torch.tensor([[1.0, 0.0]]).expand(4, 2), states], dim=1)
    free = every @ own.visible_bias
    free = free + torch.nn.functional.softplus(every @ own.W.T + own.hidden_bias).sum(
        dim=1
    )
    expected = free.softmax(dim=0) @ states
    known = torch.tensor([[True, True], [False, False]])
    image = every[:1].view(1, 1, 2, 2).expand(4000, 1, 2, 2)

    # probabilities are put back where states would be drawn: near, and not the same
    found = model.complete(image, known, torch.Generator().manual_seed(0))
    assert torch.allclose(found[:, 0, 1].mean(dim=0), expected, atol=0.03)


def test_least_squares_is_scikit_learns_ridge() -> None:
    """
    With the same penalty, cut to 0..1.
    """
    random = torch.Generator().manual_seed(0)
    fit, image = (torch.rand(n, 1, 28, 28, generator=random) for n in (500, 3))
    above, below = (fit[:, 0, part].flatten(1) for part in (slice(14), slice(14, 28)))
    theirs = Ridge(alpha=PENALTY).fit(above.numpy(), below.numpy())
    expected = theirs.predict(image[:, 0, :14].flatten(1).numpy()).clip(0, 1)

    found = least_squares_half(fit, image)[:, 0, 14:].flatten(1)
    assert np.allclose(found, expected, atol=1e-3)


def test_pre_training_is_measured_beside_none() -> None:
    """
    In the receipt: more than 98 of 100 test digits, and after one epoch with labels
    more than from random weights.
    """
    receipt = zoo.load(NAME).zoo.receipt
    (accuracy,) = (m["value"] for m in receipt["metrics"] if m["name"] == "accuracy")
    measured = receipt["measured"]

    assert accuracy >= 0.98
    assert receipt["baselines"]["without pre-training"]["accuracy"] > 0.9
    assert measured["first_accuracy"] > measured["first_accuracy_alone"]
    assert measured["completed_readable_model"] > measured["completed_readable_mean"]


def test_the_lower_half_of_a_three_stays_a_three() -> None:
    """
    The shipped three, its lower half made by the belief network.
    """
    path = zoo.example(NAME).with_name("three.png")
    with Image.open(path) as file:
        image = pixels(file).view(1, 1, 28, 28)
    whole = completed_from_half(zoo.load(NAME), image)
    shown = Image.fromarray(whole[0, 0].mul(255).round().byte().numpy())

    assert zoo.predict("lenet5-mnist", shown).label in "35"


def pixels(image: Image.Image) -> Tensor:
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8) / 255
