"""The check of a declared trunk finds every way in which it can be wrong."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import zoo
from zoo.errors import SpecError
from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import ClassOutput, ImageInput, Trunk
from zoo.testing.trunk_checks import check_trunk, trunk_is_as_declared

INPUT = ImageInput(height=32, width=40)
TRUNK = Trunk(module="features", size=(8, 10), stride=4)


class Small(nn.Module):
    """A convolution without padding, a mean over the whole map, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.ReLU())
        self.unused = nn.Identity()
        self.head = nn.Linear(8, 5)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(image).mean(dim=(2, 3)))
        return logits


class WithSkip(Small):
    """As Small, but the output depends on the picture past the map too."""

    def forward(self, image: Tensor) -> Tensor:
        return super().forward(image) + image.mean(dim=(1, 2, 3))[:, None]


class Mirror(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return image.flip(2, 3)


class Mirrored(Small):
    """As Small, but the left of the map is the right of the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.features.append(Mirror())


class Twice(Small):
    """As Small, but the convolution runs twice."""

    def forward(self, image: Tensor) -> Tensor:
        return super().forward(image) + super().forward(image)


def check(kind: type[nn.Module], trunk: Trunk = TRUNK) -> None:
    torch.manual_seed(0)
    spec = replace(
        zoo.get_spec("lenet5-mnist"),
        input=INPUT,
        output=ClassOutput(labels=tuple("abcde")),
        trunk=trunk,
    )
    model = attach(kind().eval(), ModelMetadata(spec=spec, options={}))
    check_trunk(model, trunk, INPUT)


def test_a_true_trunk_passes() -> None:
    """
    Also where the input is no whole number of strides.
    """
    check(Small)
    trunk_is_as_declared(zoo.get_spec("lenet5-mnist"), Path())


def test_a_model_without_a_trunk_is_not_asked() -> None:
    """
    Nothing is built for it.
    """
    trunk_is_as_declared(replace(zoo.get_spec("vgg16"), trunk=None), Path())


@pytest.mark.parametrize(
    ("kind", "trunk", "problem"),
    [
        (
            Small,
            replace(TRUNK, module="unused"),
            "'unused' runs 0 times in one pass, and not once",
        ),
        (Twice, TRUNK, "'features' runs 2 times in one pass, and not once"),
        (
            Small,
            replace(TRUNK, module="head"),
            "'head' gives no map (batch, channels, height, width)",
        ),
        (
            Small,
            replace(TRUNK, size=(8, 8)),
            "the map of 'features' has the size (8, 10)",
        ),
        (WithSkip, TRUNK, "what follows 'features' sees more than its map"),
        (
            Mirrored,
            TRUNK,
            "a part of the map of 'features' is not of that part of the picture",
        ),
    ],
)
def test_a_wrong_trunk_is_found(
    kind: type[nn.Module], trunk: Trunk, problem: str
) -> None:
    """
    The message says what the network has.
    """
    with pytest.raises(AssertionError) as caught:
        check(kind, trunk)

    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("trunk", "problem"),
    [
        (
            replace(TRUNK, stride=8),
            f"trunk={replace(TRUNK, stride=8)} should be that of the network: its "
            "output for (1, 3, 64, 80) has the shape (1, 8, 16, 20), and not (1, "
            "channels, 12, 15).",
        ),
        (
            replace(TRUNK, module="layer9"),
            "trunk.module='layer9' should be the name of a submodule of the network.",
        ),
    ],
)
def test_a_trunk_that_windows_would_refuse(trunk: Trunk, problem: str) -> None:
    """
    A wrong stride, or no such module: the error is that of `zoo.predict`.
    """
    with pytest.raises(SpecError) as caught:
        check(Small, trunk)

    assert str(caught.value) == f"Model 'lenet5-mnist': {problem}"
