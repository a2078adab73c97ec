"""What only the variational autoencoder promises; the rest is in zoo.testing."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence
from zoo_autoencoder.vae import VAE, reparameterize, vae
from zoo_autoencoder.vae_recipe import NegativeELBO, elbo_terms, measure_elbo
from zoo_autoencoder.vae_report import importance_weighted_nll

import zoo
from zoo.datasets.in_memory import TensorRows


@pytest.fixture
def tiny() -> VAE:
    """A network whose likelihood can be computed by going through its codes."""
    torch.manual_seed(0)
    return vae(image_size=3, hidden=8, latent_dim=2).eval()


@pytest.fixture
def image() -> Tensor:
    return torch.rand(6, 1, 3, 3, generator=torch.Generator().manual_seed(1))


def test_the_sizes_are_the_courses() -> None:
    """
    784-400-(20, 20)-400-784.
    """
    counts = [p.numel() for p in vae().parameters()]

    assert counts == [313_600, 400, 8_000, 20, 8_000, 20, 8_000, 400, 313_600, 784]


def test_the_terms_are_those_of_torchs_distributions(tiny: VAE, image: Tensor) -> None:
    """
    Minus the log-probability of the pixels, and the KL divergence from the prior.
    """
    binary = image.round()
    mu, logvar = tiny.posterior(binary)
    posterior = Normal(mu, (logvar / 2).exp())
    error, divergence = elbo_terms(tiny, binary, torch.Generator().manual_seed(0))
    code = reparameterize(mu, logvar, torch.Generator().manual_seed(0))
    wanted = -Bernoulli(logits=tiny.decode(code)).log_prob(binary).sum(dim=(1, 2, 3))
    prior = Normal(torch.zeros(2), torch.ones(2))

    assert torch.allclose(error, wanted, atol=1e-5)
    assert torch.allclose(
        divergence, kl_divergence(posterior, prior).sum(dim=1), atol=1e-5
    )
    assert torch.allclose(
        NegativeELBO(tiny).eval()(binary), (error + divergence).mean(), rtol=0.5
    )


def test_gray_costs_what_binary_images_cost_on_average(tiny: VAE) -> None:
    """
    The cross-entropy of gray pixels is the mean over binary images drawn with them as
    probabilities, given one code.
    """
    gray = torch.full((1, 1, 3, 3), 0.3)
    logits = tiny.decode(torch.zeros(1, 2))
    binary = torch.tensor(
        [[number >> bit & 1 for bit in range(9)] for number in range(512)]
    ).float()
    probability = (0.3**binary * 0.7 ** (1 - binary)).prod(dim=1)
    cost = -Bernoulli(logits=logits.flatten()).log_prob(binary).sum(dim=1)
    found = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, gray, reduction="sum"
    )

    assert found.item() == pytest.approx((probability * cost).sum().item(), rel=1e-4)


def test_the_bound_and_the_estimate_enclose_the_likelihood(
    tiny: VAE, image: Tensor
) -> None:
    """
    On a fine grid of codes the true likelihood is summed up. The negative ELBO lies
    above it, and the importance-weighted estimate very near.
    """
    line = torch.linspace(-6, 6, 241)
    grid = torch.cartesian_prod(line, line)
    prior = -grid.square().sum(dim=1) / 2 - math.log(2 * math.pi)
    random = torch.Generator().manual_seed(0)
    binary = torch.bernoulli(image, generator=random)
    pixels = Bernoulli(logits=tiny.decode(grid)).log_prob(binary[:, None])
    joint = pixels.sum(dim=(2, 3, 4)) + prior  # (6, codes)
    true = -(joint.logsumexp(dim=1) + 2 * math.log(0.05)).mean().item()
    bound = sum(part.mean() for part in elbo_terms(tiny, binary, random)).item()
    estimate = importance_weighted_nll(tiny, image)["importance_weighted_nll"]

    assert estimate == pytest.approx(true, abs=0.05)
    assert bound > true - 0.05


def test_in_training_codes_are_drawn_and_afterwards_they_are_not(
    tiny: VAE, image: Tensor
) -> None:
    """
    Two passes differ in training mode; in eval mode each decodes the mean code.
    """
    settled = tiny(image)
    tiny.train()

    assert torch.equal(settled, tiny.decode(tiny.encode(image)))
    assert not torch.equal(tiny(image), tiny(image))


def test_the_measure_is_the_same_each_time(tiny: VAE, image: Tensor) -> None:
    """
    Codes are drawn by a fixed seed, however torch's own generator stands.
    """
    rows = TensorRows(
        input=image.mul(255).byte(),
        target=torch.zeros(6),
        source="made/test",
        fingerprint="",
    )
    first = measure_elbo(tiny, rows)
    torch.manual_seed(5)

    assert measure_elbo(tiny, rows) == first
    assert first["negative_elbo"] == first["reconstruction_nats"] + first["kl_nats"]


def test_most_samples_are_digits() -> None:
    """
    LeNet-5 scores more than half of the samples of the trained model above 0.9.
    """
    samples = [one.image for one in zoo.sample("vae-mnist", 64, seed=0)]
    read = zoo.predict("lenet5-mnist", samples)

    assert sum(one.score > 0.9 for one in read) > 32
    assert len({one.label for one in read}) >= 8


def test_a_reconstruction_keeps_its_class() -> None:
    """
    The shipped seven and five come back as what they were.
    """
    for name, digit in (("seven.png", "7"), ("five.png", "5")):
        path = zoo.example("vae-mnist").with_name(name)
        again = zoo.reconstruct("vae-mnist", path)

        assert zoo.predict("lenet5-mnist", again.image).label == digit


def test_the_line_between_two_digits_begins_and_ends_with_them() -> None:
    """
    From the five to the seven, through images that change step by step.
    """
    seven = zoo.example("vae-mnist")
    between = zoo.interpolate("vae-mnist", seven.with_name("five.png"), seven, steps=9)
    read = zoo.predict("lenet5-mnist", [one.image for one in between])

    assert (read[0].label, read[-1].label) == ("5", "7")
    assert len({one.image.tobytes() for one in between}) == 9
