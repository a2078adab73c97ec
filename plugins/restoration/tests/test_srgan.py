"""What only SRGAN promises; the rest is in zoo.testing."""

import pytest
import torch
from torch import Tensor, nn
from zoo_restoration.srgan import Discriminator
from zoo_restoration.srgan_recipe import (
    CONTENT,
    JUDGE,
    PARENT,
    FeatureDistance,
    Renormalized,
    WithFeatures,
    content_features,
    discriminator_loss,
    generator_loss,
)
from zoo_restoration.srgan_report import two_pixel_patterns
from zoo_restoration.srresnet import srresnet

import zoo

NAME = "srgan-face"


class Mean(nn.Module):
    """A discriminator whose score is a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, image: Tensor) -> Tensor:
        return self.weight * image.mean(dim=(1, 2, 3))


class Judge(nn.Module):
    """Stages that are named as those of the network that measures."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem, self.bn1 = nn.Identity(), nn.Identity()
        self.blocks = nn.ModuleList(nn.Identity() for _ in range(4))


def test_the_courses_discriminator_has_its_size() -> None:
    """
    One strided convolution, and a hidden layer of 1,024.
    """
    with torch.device("meta"):
        model = Discriminator(channels=(64, 64), hidden=1024)

    assert sum(one.numel() for one in model.parameters()) == 67_149_761


def test_the_losses_are_least_squares() -> None:
    """
    One for photographs and zero for what was enlarged; the generator wants one.
    """
    real, fake = torch.full((2, 3, 4, 4), 0.5), torch.full((2, 3, 4, 4), 0.2)
    of_discriminator = discriminator_loss(Mean(), real, fake)

    assert of_discriminator.item() == pytest.approx((0.5**2 + 0.2**2) / 2)
    assert generator_loss(Mean(), fake).item() == pytest.approx(0.8**2 / 2)


def test_the_generators_loss_teaches_the_generator_alone() -> None:
    """
    The discriminator is given no gradient, and can be taught again afterwards.
    """
    discriminator = Mean()
    fake = torch.zeros(1, 3, 4, 4, requires_grad=True)
    generator_loss(discriminator, fake).backward()

    assert discriminator.weight.grad is None
    assert discriminator.weight.requires_grad
    assert fake.grad is not None
    assert (fake.grad < 0).all()


def test_features_are_those_of_pictures_in_the_networks_own_range() -> None:
    """
    From -1..1 to the mean and deviation that it was trained on.
    """
    spec = zoo.get_spec(CONTENT).input
    image = torch.rand(1, 3, 8, 8)
    expected = (image - torch.tensor(spec.mean).view(3, 1, 1)) / torch.tensor(
        spec.std
    ).view(3, 1, 1)

    assert torch.allclose(Renormalized(spec)(2 * image - 1), expected, atol=1e-5)


def test_the_content_network_stays_as_it_was() -> None:
    """
    Its batch normalization uses its own statistics while the generator is trained, and
    none of its weights learns.
    """
    run = zoo.Run(zoo.get_spec(NAME))
    network = WithFeatures(srresnet(), content_features(run)).train()
    fake, made, expected = network(
        torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(2, 3, 32, 32) * 2 - 1
    )

    assert fake.shape == (2, 3, 32, 32)
    assert made.shape == expected.shape == (2, 64, 16, 16)
    assert made.requires_grad
    assert not expected.requires_grad
    assert network.generator.training
    assert not any(part.training for part in network.content.modules())
    assert not any(one.requires_grad for one in network.content.parameters())


def test_the_distance_is_that_of_features_of_length_one() -> None:
    """
    The squared distance at each place, its mean over places, and the sum of the stages:
    of opposite features of three stages 3 times 4, and of equal ones none.
    """
    original = torch.full((2, 3, 4, 4), 255, dtype=torch.uint8)
    distance = FeatureDistance(Judge(), original)

    assert distance.of_pictures(torch.full((2, 3, 4, 4), 0.3)) == pytest.approx(0)
    assert distance.of_pictures(torch.full((2, 3, 4, 4), -1.0)) == pytest.approx(12)


def test_the_judge_is_in_no_loss() -> None:
    """
    What measures is another network than what teaches.
    """
    assert len({CONTENT, JUDGE, PARENT}) == 3


def test_patterns_of_two_pixels_are_found() -> None:
    """
    A checkerboard and stripes by their amplitude in levels; noise has hardly any.
    """
    noise = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) / 255
    sign = 1 - 2 * (torch.arange(16) % 2)
    checkerboard = noise + 0.1 * sign[:, None] * sign
    stripes = noise + 0.2 * sign

    of_noise = two_pixel_patterns(noise)
    found = two_pixel_patterns(checkerboard), two_pixel_patterns(stripes)
    assert max(of_noise.values()) < 0.1
    assert found[0]["checkerboard"] == pytest.approx(12.75, abs=0.1)
    assert found[1]["stripes"] == pytest.approx(25.5, abs=0.1)


def test_it_begins_with_the_weights_of_srresnet() -> None:
    """
    The same network: its weights have the same names and shapes, and its config names
    where it started.
    """
    model = zoo.load(NAME)
    parent = zoo.load(PARENT)
    shapes = [
        {name: one.shape for name, one in network.state_dict().items()}
        for network in (model, parent)
    ]

    assert shapes[0] == shapes[1]
    assert model.zoo.parent["name"] == PARENT


def test_it_is_nearer_in_features_and_not_far_in_pixels() -> None:
    """
    By the receipt, on faces it has not seen: the distance in a network that no loss
    saw is smaller than that of srresnet-face, the PSNR is within 2 dB, and patterns of
    two pixels are as weak as in the originals.
    """
    receipt = zoo.load(NAME).zoo.receipt
    reached = {m["name"]: m["value"] for m in receipt["metrics"]}
    before, measured = receipt["baselines"][PARENT], receipt["measured"]

    assert reached["feature_distance"] < before["feature_distance"]
    assert reached["psnr"] > before["psnr"] - 2
    assert measured["checkerboard"] < 2 * measured["checkerboard_original"]
    assert measured["stripes"] < 1.2 * measured["stripes_original"]
