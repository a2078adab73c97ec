"""What only the restricted Boltzmann machine promises; the rest is in zoo.testing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.neural_network import BernoulliRBM
from torch import Tensor
from zoo_boltzmann.likelihood import ais_log_z, exact_log_z, log_pseudo_likelihood
from zoo_boltzmann.rbm import RBM, rbm, sample_bernoulli
from zoo_boltzmann.rbm_recipe import gibbs_sample, log_likelihood_gradient

import zoo
from zoo.training.run import Run


def machine(std: float = 1.0, *, hidden: int = 5) -> RBM:
    """A machine of nine pixels, so few that all images can be enumerated."""
    torch.manual_seed(0)
    made = rbm(image_size=3, hidden_units=hidden)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0, std)
    return made.requires_grad_(False)


@pytest.fixture
def binary() -> Tensor:
    """Binary images, most with one of three rows all white."""
    random = torch.Generator().manual_seed(1)
    rows = torch.zeros(60, 3, 3)
    rows[torch.arange(60), torch.randint(3, (60,), generator=random)] = 1
    noise = torch.rand(rows.shape, generator=random) < 0.05
    return torch.where(noise, 1 - rows, rows).flatten(start_dim=1)


def every(count: int) -> Tensor:
    """All rows of `count` zeros and ones."""
    return (torch.arange(2**count)[:, None] >> torch.arange(count) & 1).float()


def log_likelihood(model: RBM, binary: Tensor) -> float:
    """The exact mean log-likelihood, in nats."""
    return -model.free_energy(binary).mean().item() - exact_log_z(model)


def flat(parts: list[Tensor]) -> Tensor:
    return torch.cat([part.flatten() for part in parts])


def scikit(model: RBM, lr: float = 0.1) -> Any:
    """scikit-learn's machine with the weights of ours."""
    made = BernoulliRBM(n_components=len(model.hidden_bias), learning_rate=lr)
    made.components_ = model.W.double().numpy().copy()
    made.intercept_hidden_ = model.hidden_bias.double().numpy().copy()
    made.intercept_visible_ = model.visible_bias.double().numpy().copy()
    return made


def test_the_sizes_are_those_of_the_literature() -> None:
    """
    784-500: one matrix for both directions, and a bias for each unit.
    """
    counts = [p.numel() for p in rbm().parameters()]

    assert counts == [392_000, 784, 500]


def test_the_free_energy_sums_over_all_hidden_units(binary: Tensor) -> None:
    """
    Of each image, exp(h W v + b v + c h) over the 32 states of five units.
    """
    model, states = machine(), every(5)
    joint = (states @ model.W + model.visible_bias) @ binary.T  # (32, 60)
    joint = joint + (states @ model.hidden_bias)[:, None]

    assert torch.allclose(-model.free_energy(binary), joint.logsumexp(0), atol=1e-4)


def test_conditionals_and_free_energy_are_scikit_learns(binary: Tensor) -> None:
    """
    With the same weights, both machines compute the same for the same images.
    """
    model = machine()
    theirs, given = scikit(model), binary.double().numpy()
    units = theirs.transform(given)
    code = torch.from_numpy(units).float()
    probability = 1 / (
        1 + np.exp(-(units @ theirs.components_ + theirs.intercept_visible_))
    )

    assert np.allclose(model.encode(binary.view(-1, 1, 3, 3)).numpy(), units, atol=1e-5)
    assert np.allclose(
        model.visible_logits(code).sigmoid().numpy(), probability, atol=1e-5
    )
    assert np.allclose(
        model.free_energy(binary).numpy(), theirs._free_energy(given), atol=1e-4
    )


def test_one_update_is_scikit_learns(
    binary: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    From the same images and the same samples of the model, the weights and both biases
    change by the same.
    """
    model = machine()
    samples = gibbs_sample(model, binary, 3)
    theirs = scikit(model, lr=0.1)
    theirs.h_samples_ = np.zeros((len(binary), 5))
    monkeypatch.setattr(
        theirs, "_sample_visibles", lambda h, rng: samples.double().numpy()
    )
    theirs._fit(binary.double().numpy(), np.random.RandomState(0))
    gradient = log_likelihood_gradient(model, binary, samples)
    weight, visible, hidden = (
        one + 0.1 * step for one, step in zip(model.parameters(), gradient, strict=True)
    )

    assert np.allclose(weight.numpy(), theirs.components_, atol=1e-6)
    assert np.allclose(visible.numpy(), theirs.intercept_visible_, atol=1e-6)
    assert np.allclose(hidden.numpy(), theirs.intercept_hidden_, atol=1e-6)


def test_the_gradient_is_that_of_the_exact_log_likelihood(binary: Tensor) -> None:
    """
    With samples of the true distribution of the model it is autograd's gradient of the
    exact log-likelihood; with one step from the data it points the same way.
    """
    model = machine(0.3)
    for parameter in model.parameters():
        parameter.requires_grad_()
    images = every(9)
    log_z = (-model.free_energy(images)).logsumexp(dim=0)
    (-model.free_energy(binary).mean() - log_z).backward()
    exact = flat([p.grad for p in model.parameters() if p.grad is not None])
    model.requires_grad_(False)
    probability = (-model.free_energy(images)).softmax(dim=0)
    random = torch.Generator().manual_seed(0)
    drawn = probability.multinomial(200_000, replacement=True, generator=random)
    many = binary.repeat(300, 1)
    short = gibbs_sample(model, many, 1)

    def cosine(found: Tensor) -> float:
        return torch.nn.functional.cosine_similarity(found, exact, dim=0).item()

    true = log_likelihood_gradient(model, binary, images[drawn])
    assert torch.allclose(flat(true), exact, atol=0.01)
    assert cosine(flat(log_likelihood_gradient(model, many, short))) > 0.99
    assert cosine(flat(log_likelihood_gradient(model, short, many))) < -0.9


@pytest.mark.parametrize("persistent", [True, False])
def test_the_exact_likelihood_grows(binary: Tensor, persistent: bool) -> None:
    """
    By chains that continue, and by chains that restart; and far above independent
    pixels.
    """
    model = machine(0.01, hidden=8)
    rate = binary.mean(dim=0)
    nats = binary * rate.log() + (1 - binary) * (1 - rate).log()
    independent = nats.sum(dim=1).mean().item()
    before = log_likelihood(model, binary)
    samples = sample_bernoulli(torch.zeros(60, 9))
    for step in range(1500):
        samples = gibbs_sample(model, samples if persistent else binary, 1)
        gradient = log_likelihood_gradient(model, binary, samples)
        for parameter, change in zip(model.parameters(), gradient, strict=True):
            parameter += 0.3 * (1 - step / 1500) * change

    assert log_likelihood(model, binary) > max(before, independent) + 1


def test_annealed_importance_sampling_estimates_the_exact_log_z() -> None:
    """
    The estimate of log Z is near the sum over all 512 images, within three of its
    standard errors, also where chains start from a base-rate model.
    """
    model = machine()
    model.base_visible_bias.copy_(torch.linspace(-2, 2, 9))
    exact = exact_log_z(model)
    found = ais_log_z(model, torch.Generator().manual_seed(0), steps=2000)
    rough = ais_log_z(model, torch.Generator().manual_seed(0), steps=5)

    assert found.value == pytest.approx(exact, abs=0.03)
    assert abs(exact - found.value) < 3 * (found.high - found.value)
    assert found.low < found.value < found.high
    assert rough.high - rough.low > found.high - found.low


def test_the_pseudo_likelihood_is_that_of_each_pixel_given_the_others() -> None:
    """
    The estimate, which asks for one pixel of each row, against the sum over all nine.
    """
    model = machine()
    picture = torch.tensor([[1.0, 0, 0, 1, 1, 0, 1, 0, 0]])
    exact = 0.0
    for place in range(9):
        other = picture.clone()
        other[0, place] = 1 - other[0, place]
        both = torch.stack([-model.free_energy(one) for one in (picture, other)])
        exact += both.log_softmax(dim=0)[0].item()
    random = torch.Generator().manual_seed(0)

    estimate = log_pseudo_likelihood(model, picture.repeat(20_000, 1), random)
    assert estimate == pytest.approx(exact, rel=0.02)


def test_samples_are_of_the_distribution_of_the_model() -> None:
    """
    Each pixel is as often white in samples as the sum over all images says.
    """
    model, images = machine(), every(9)
    probability = (-model.free_energy(images)).softmax(dim=0)
    samples = model.sample(4000, torch.Generator().manual_seed(0)).sigmoid()

    assert torch.allclose(
        samples.mean(dim=0).flatten(), probability @ images, atol=0.025
    )


def test_a_run_that_was_broken_off_ends_with_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    The chains, the scheduler and the generators continue where they were.
    """
    options: dict[str, Any] = {"smoke": True, "settings": {"epochs": 3}}
    alone, broken = tmp_path / "alone", tmp_path / "broken"
    zoo.train("rbm-mnist", alone, **options)
    with monkeypatch.context() as patch:
        log = Run.log

        def failing(self: Run, *given: Any, **named: Any) -> None:
            if len(self.history) == 1:
                raise KeyboardInterrupt
            log(self, *given, **named)

        patch.setattr(Run, "log", failing)
        with pytest.raises(KeyboardInterrupt):
            zoo.train("rbm-mnist", broken, keep_every=0, **options)
    zoo.train("rbm-mnist", broken, resume=True, **options)

    weights = "model.safetensors"
    assert (broken / weights).read_bytes() == (alone / weights).read_bytes()


def test_contrastive_divergence_is_a_setting(tmp_path: Path) -> None:
    """
    Chains that restart at the digits give other weights than persistent ones.
    """
    found = [
        zoo.train("rbm-mnist", tmp_path / way, smoke=True, settings={"method": way})
        for way in ("cd", "pcd")
    ]
    weights = [zoo.load(folder).W for folder in found]

    assert not torch.equal(*weights)


def test_samples_are_the_same_after_a_reload() -> None:
    """
    Four digits by seed zero, from two loads.
    """
    first, again = (zoo.sample(zoo.load("rbm-mnist"), 4, seed=0) for _ in range(2))

    assert [one.image.tobytes() for one in first] == [
        one.image.tobytes() for one in again
    ]


def test_a_reconstruction_keeps_its_class() -> None:
    """
    The shipped three and eight come back as what they were; codes are probabilities.
    """
    for name, digit in (("three.png", "3"), ("eight.png", "8")):
        path = zoo.example("rbm-mnist").with_name(name)
        code = zoo.encode("rbm-mnist", path)
        again = zoo.reconstruct("rbm-mnist", path)

        assert code.shape == (1, 500)
        assert 0 <= code.min() < code.max() <= 1
        assert zoo.predict("lenet5-mnist", again.image).label == digit


def test_hidden_units_are_better_features_than_pixels() -> None:
    """
    By the receipt, softmax regression on them classifies 97 of 100 test digits or more.
    """
    measured = zoo.load("rbm-mnist").zoo.receipt["measured"]

    assert measured["features_accuracy"] >= 0.97
    assert measured["features_accuracy"] > measured["pixels_accuracy"]
