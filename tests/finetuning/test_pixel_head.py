"""A new head that labels pixels starts as the best one on some of them."""

import torch
from torch import Tensor, nn

from zoo.finetuning.linear_probe import is_pixelwise, solve_on_pixels
from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import ImageInput, License, MaskOutput, ModelSpec


class Net(nn.Module):
    """Colors themselves are the features, so that the best head is known."""

    def __init__(self, kernel_size: int = 1) -> None:
        super().__init__()
        self.body = nn.Identity()
        self.head = nn.Conv2d(3, 2, kernel_size)

    def forward(self, given: Tensor) -> Tensor:
        return self.head(self.body(given))


def model(**options: int) -> nn.Module:
    spec = ModelSpec(
        name="colors",
        summary="Tells red from the rest.",
        task="image-segmentation",
        build="tests:Net",
        recipe="tests.recipe",
        card="card.md",
        parameters=8,
        trained_on=(),
        head="head",
        input=ImageInput(height=8, width=8, fit="stretch"),
        output=MaskOutput(labels=("other", "red")),
        license=License(code="mit", weights="mit", data="mit"),
    )
    torch.manual_seed(0)
    return attach(Net(**options), ModelMetadata(spec=spec, options={}))


def pictures(rows: int) -> tuple[Tensor, Tensor]:
    """Pictures of noise; a pixel is labelled where it is redder than green."""
    given = torch.rand(rows, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return given, (given[:, 0] > given[:, 1]).long()


def accuracy(net: nn.Module, given: Tensor, target: Tensor) -> float:
    with torch.no_grad():
        return (net(given).argmax(1) == target).float().mean().item()


def test_the_start_labels_nearly_every_pixel_where_the_features_tell() -> None:
    net, (given, target) = model(), pictures(6)
    batches = [(given[:4], target[:4]), (given[4:], target[4:])]
    before = accuracy(net, given, target)

    solve_on_pixels(net, batches, rows=6, weight=None, seed=0)

    assert before < 0.8
    assert accuracy(net, given, target) > 0.97


def test_the_same_seed_gives_the_same_start() -> None:
    given, target = pictures(3)
    made = []
    for _ in range(2):
        net = model()
        solve_on_pixels(net, [(given, target)], rows=3, weight=None, seed=5)
        made.append(net.head.weight.detach().clone())

    assert torch.equal(*made)


def test_only_one_linear_layer_on_each_pixel_can_start_so() -> None:
    assert is_pixelwise(model())
    assert not is_pixelwise(model(kernel_size=3))
