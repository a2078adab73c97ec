"""What only the course's residual network promises; the rest is in zoo.testing."""

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock as TorchvisionBlock
from zoo_resnet.resnet_basic import BasicBlock, resnet_basic

import zoo

NAME = "resnet-basic-cifar10"


def of_torchvision(width: int) -> nn.Sequential:
    """The same network of torchvision's blocks, with other weights."""
    layers: list[nn.Module] = []
    for given, made in ((3, width), (width, 2 * width), (2 * width, 4 * width)):
        block = TorchvisionBlock(given, made, 1, nn.Conv2d(given, made, 1))
        block.conv1 = nn.Conv2d(given, made, 3, padding=1)  # theirs have no bias
        block.conv2 = nn.Conv2d(made, made, 3, padding=1)
        layers += [block, nn.AvgPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(64 * width, 32 * width), nn.ReLU()]
    layers += [nn.Linear(32 * width, 8 * width), nn.ReLU(), nn.Linear(8 * width, 10)]
    return nn.Sequential(*layers)


def copied(model: nn.Module, other: nn.Module) -> None:
    """Copy every tensor in its order."""
    theirs = other.state_dict().values()
    for mine, tensor in zip(model.state_dict().values(), theirs, strict=True):
        tensor.copy_(mine)


def test_it_gives_the_logits_of_torchvisions_blocks() -> None:
    """
    With the same weights, in training, which moves the statistics, and in eval mode.
    """
    torch.manual_seed(0)
    model, other = resnet_basic(width=8), of_torchvision(8)
    copied(model, other)
    image = torch.randn(8, 3, 32, 32)

    for _ in range(3):
        assert torch.allclose(model(image), other(image), atol=1e-5)
    assert torch.allclose(model.eval()(image), other.eval()(image), atol=1e-5)


def test_the_trained_weights_give_the_logits_of_torchvisions_blocks() -> None:
    """
    The weights that are shipped are those of a network of basic blocks.
    """
    model, other = zoo.load(NAME), of_torchvision(16)
    copied(model, other)
    image = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        assert torch.allclose(model(image), other.eval()(image), atol=1e-5)


@pytest.mark.parametrize(("width", "count"), [(64, 10_633_674), (16, 667_002)])
def test_it_has_the_parameters_of_the_course(width: int, count: int) -> None:
    """
    At full width as many as the course's; the trained one has a quarter of the width.
    """
    found = sum(p.numel() for p in resnet_basic(width=width).parameters())

    assert found == count


def test_a_block_adds_the_residual_to_a_projection_of_its_input() -> None:
    """
    Where the scale of its last normalisation is zero, the 1x1 convolution is left.
    """
    block, maps = BasicBlock(3, 8), torch.randn(2, 3, 4, 4)
    nn.init.zeros_(block.bn2.weight)

    assert torch.allclose(block(maps), block.downsample(maps).relu())


def test_the_example_is_a_cat() -> None:
    """
    A photograph that is not of CIFAR-10, brought to 32x32 pixels.
    """
    assert zoo.predict(NAME, zoo.example(NAME)).label == "cat"
