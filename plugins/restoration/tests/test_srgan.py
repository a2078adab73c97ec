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
    StageFeatures,
    WithDistance,
    content_features,
    discriminator_loss,
    feature_distance,
    generator_loss,
    judge_features,
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
    spec = zoo.get_spec(JUDGE).input
    image = torch.rand(1, 3, 8, 8)
    mean, std = (torch.tensor(one).view(3, 1, 1) for one in (spec.mean, spec.std))
    (found,) = StageFeatures(spec, [nn.Identity()])(2 * image - 1)

    assert torch.allclose(found, (image - mean) / std, atol=1e-5)


def test_stages_are_the_networks_own() -> None:
    """
    Of the network that teaches and of the one that measures, each of its first three
    resolutions.
    """
    content, judge = zoo.load(CONTENT), zoo.load(JUDGE)
    of_content = content_features(content)(torch.zeros(1, 3, 64, 64))
    of_judge = judge_features(judge)(torch.zeros(1, 3, 64, 64))

    assert [one.shape[2] for one in of_content] == [32, 16, 8]
    assert [one.shape[1:] for one in of_judge] == [
        (32, 64, 64),
        (64, 32, 32),
        (128, 16, 16),
    ]


def test_the_content_network_stays_as_it_was() -> None:
    """
    Its batch normalization uses its own statistics while the generator is trained, and
    none of its weights learns.
    """
    network = WithDistance(srresnet(), content_features(zoo.load(CONTENT))).train()
    fake, loss = network(
        torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(2, 3, 32, 32) * 2 - 1
    )

    assert fake.shape == (2, 3, 32, 32)
    assert loss.requires_grad
    assert network.generator.training
    assert not any(part.training for part in network.content.modules())
    assert not any(one.requires_grad for one in network.content.parameters())


def test_the_distance_is_that_of_features_of_length_one() -> None:
    """
    The squared distance at each place, its mean over places, and the sum of the stages:
    of opposite features of two stages 2 times 4, and of features of one direction none.
    """
    ones = torch.ones(2, 3, 4, 4)

    none = feature_distance([ones, ones], [3 * ones, ones])
    assert none.tolist() == pytest.approx([0, 0], abs=1e-6)
    found = feature_distance([ones, ones], [-ones, -3 * ones])
    assert found.tolist() == pytest.approx([8, 8])


def test_pictures_are_compared_with_their_originals() -> None:
    """
    As bytes and in -1..1, in their order; what is beyond the range is cut off.
    """
    spec = zoo.get_spec(CONTENT).input  # of which the moments change nothing
    original = torch.randint(
        256, (70, 3, 4, 4), dtype=torch.uint8, generator=torch.manual_seed(0)
    )
    distance = FeatureDistance(StageFeatures(spec, [nn.Identity()]), original)
    same = original / 127.5 - 1

    assert distance.of_pictures(same) == pytest.approx(0, abs=1e-5)
    assert distance.of_pictures(-same) == pytest.approx(4, abs=1e-4)
    assert distance.of_pictures(same.flip(0)) > 0.1


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
    saw is smaller than that of srresnet-face, the PSNR is within 2 dB, and a
    checkerboard has less than a level of 255.
    """
    receipt = zoo.load(NAME).zoo.receipt
    reached = {m["name"]: m["value"] for m in receipt["metrics"]}
    before, measured = receipt["baselines"][PARENT], receipt["measured"]

    assert reached["feature_distance"] < before["feature_distance"]
    assert reached["psnr"] > before["psnr"] - 2
    assert measured["checkerboard"] < 1
