"""What only the ResNets for photographs promise; the rest is in zoo.testing."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock as TorchvisionBasicBlock
from torchvision.models.resnet import Bottleneck as TorchvisionBottleneck
from torchvision.models.resnet import ResNet as TorchvisionResNet
from zoo_resnet import LABELS
from zoo_resnet.resnet import (
    BasicBlock,
    Bottleneck,
    ResNet,
    resnet18,
    resnet34,
    resnet50,
)
from zoo_resnet.resnet20 import resnet20

import zoo

NETWORKS = {"resnet18": resnet18, "resnet34": resnet34, "resnet50": resnet50}
KINDS = [(BasicBlock, TorchvisionBasicBlock), (Bottleneck, TorchvisionBottleneck)]


def drawn(model: nn.Module) -> dict[str, Tensor]:
    """Draw the statistics and scales of a model, so that no one or zero hides a
    difference; return its tensors."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in model.state_dict().items():
        norm = "bn" in name or "downsample.1" in name
        if norm and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5, generator=generator)
    return model.state_dict()


def images(size: int) -> Tensor:
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_it_gives_the_logits_of_others_with_their_weights(
    name: str, library: str
) -> None:
    """
    Their tensors are taken by name, all of them, and the logits agree.
    """
    torch.manual_seed(0)
    make: Callable[..., nn.Module] = (
        getattr(torchvision.models, name)
        if library == "torchvision"
        else lambda **options: timm.create_model(name, **options)
    )
    theirs = make(num_classes=10).eval()
    with torch.device("meta"):
        ours = NETWORKS[name](classes=10).eval()
    ours.load_state_dict(drawn(theirs), assign=True)
    wanted = theirs(images(64))

    assert (ours(images(64)) - wanted).abs().max() < 1e-5 * wanted.abs().max()


@pytest.mark.parametrize(("block", "theirs"), KINDS)
def test_a_step_moves_what_torchvisions_moves(
    block: type[BasicBlock] | type[Bottleneck], theirs: type[Any]
) -> None:
    """
    In training mode: the same logits, gradients and running statistics.
    """
    torch.manual_seed(0)
    other = TorchvisionResNet(theirs, [1, 1, 1, 1], num_classes=3)
    ours = ResNet(block, (1, 1, 1, 1), classes=3)
    ours.load_state_dict(drawn(other))

    for model in (ours, other):
        model(images(64)).square().sum().backward()

    pairs = zip(ours.parameters(), other.parameters(), strict=True)
    for mine, wanted in pairs:
        assert mine.grad is not None
        assert wanted.grad is not None
        scale = wanted.grad.abs().max()
        assert (mine.grad - wanted.grad).abs().max() <= 1e-3 * scale
    assert torch.allclose(
        ours.layer4[0].bn2.running_mean, other.layer4[0].bn2.running_mean
    )


def test_the_layers_are_counted_as_in_table_1() -> None:
    """
    18, 34 and 50 layers have weights, shortcuts aside; and the parameters torchvision
    publishes.
    """
    parameters = {
        "resnet18": 11_689_512,
        "resnet34": 21_797_672,
        "resnet50": 25_557_032,
    }
    for name, make in NETWORKS.items():
        with torch.device("meta"):
            model = make()
        layers = [
            path
            for path, module in model.named_modules()
            if isinstance(module, nn.Conv2d | nn.Linear) and "downsample" not in path
        ]

        assert len(layers) == int(name.removeprefix("resnet"))
        assert sum(p.numel() for p in model.parameters()) == parameters[name]


@torch.inference_mode()
def test_a_stage_halves_the_map_and_doubles_the_channels() -> None:
    """
    From a fourth of the image's side to a thirty-second of it, as in table 1.
    """
    model = ResNet(Bottleneck, (1, 1, 1, 1), width=8, classes=2).eval()
    maps = [model.maxpool(model.relu(model.bn1(model.conv1(images(64)))))]
    for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
        maps.append(stage(maps[-1]))

    assert [tuple(one.shape[1:]) for one in maps] == [
        *((8, 16, 16), (32, 16, 16), (64, 8, 8), (128, 4, 4), (256, 2, 2))
    ]


@torch.inference_mode()
def test_a_slim_one_for_small_images_keeps_their_size() -> None:
    """
    With the stem "3x3" the first stage works on 32x32 pixels, the last on 4x4; a
    quarter of the width has about a sixteenth of the parameters.
    """
    slim = ResNet(BasicBlock, (2, 2, 2, 2), width=16, stem="3x3", classes=10).eval()
    seen: list[tuple[int, ...]] = []
    for stage in (slim.layer1, slim.layer4):
        stage.register_forward_hook(lambda *args: seen.append(tuple(args[2].shape)))

    assert slim(images(32)).shape == (2, 10)
    assert seen == [(2, 16, 32, 32), (2, 128, 4, 4)]
    assert sum(p.numel() for p in slim.parameters()) == 701_466


def test_a_shortcut_has_weights_only_where_shapes_differ() -> None:
    """
    Equation (1) where they agree; and maps whose residual is zero pass as they are.
    """
    block, maps = BasicBlock(8, 8), torch.rand(2, 8, 6, 6)
    nn.init.zeros_(block.bn2.weight)

    assert block.downsample is None
    assert torch.equal(block(maps), maps)
    assert BasicBlock(8, 16).downsample is not None
    assert BasicBlock(8, 8, 2).downsample is not None
    assert Bottleneck(32, 8).downsample is None


def test_the_names_are_those_of_the_small_resnets() -> None:
    """
    But for the fourth stage and the shortcuts, which have no weights there.
    """
    with torch.device("meta"):
        names = {n for n in resnet18().state_dict() if "downsample" not in n}

    small = set(resnet20(blocks=2).state_dict())
    assert small == {name for name in names if not name.startswith("layer4")}


def test_the_bottleneck_strides_in_its_3x3() -> None:
    """
    As the weights that are published want it; the paper strides in the 1x1 before.
    """
    with torch.device("meta"):
        first = resnet50().layer2[0]

    assert (first.conv1.stride, first.conv2.stride) == ((1, 1), (2, 2))


def test_the_labels_are_those_of_imagenet() -> None:
    """
    As many as the head has, and in timm's order: a few places that are well known.
    """
    known = {0: "tench", 281: "tabby", 310: "ant", 309: "bee", 967: "espresso"}

    assert len(set(LABELS)) == 1000
    assert {number: LABELS[number] for number in known} == known
    for name in ("resnet18", "resnet50"):
        assert zoo.get_spec(name).labels == LABELS


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_the_build_function_makes_the_class_of_the_file(name: str) -> None:
    """
    What the registry builds is readable in one file, and no library's.
    """
    with torch.device("meta"):
        built = zoo.build(name, classes=2)

    assert type(built) is ResNet
    widths = [built.conv1.out_channels] + [
        getattr(built, f"layer{k}")[0].conv1.out_channels for k in range(1, 5)
    ]
    assert all(wide in (narrow, 2 * narrow) for narrow, wide in pairwise(widths))
