"""What only ResNet-20 promises; what every model promises is in zoo.testing."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.models import resnet18
from torchvision.models.resnet import BasicBlock as TorchvisionBlock
from zoo_resnet.resnet20 import BasicBlock, PadShortcut, resnet20
from zoo_resnet.resnet20_report import softmax_regression_accuracy

import zoo
from zoo.artifacts import weight_store as store
from zoo.datasets.in_memory import TensorRows
from zoo.errors import DataError, ImportWeightsError
from zoo.finetuning.finetune import finetune_by_name
from zoo.models import safetensors_io as weights


def padded(given: int, width: int) -> nn.Conv2d:
    """The shortcut of option A as a convolution: a part of the identity, every second
    pixel, and zeros on both sides of the channels."""
    found = nn.Conv2d(given, width, 1, stride=2, bias=False).requires_grad_(False)
    before = (width - given) // 2
    found.weight.zero_()
    found.weight[before : before + given, :, 0, 0] = torch.eye(given)
    return found


def of_torchvision(*, blocks: int = 3) -> nn.Sequential:
    """The same network of torchvision's blocks, with other weights."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1, bias=False)]
    layers += [nn.BatchNorm2d(16), nn.ReLU()]
    for given, width in ((16, 16), (16, 32), (32, 64)):
        shorter = padded(given, width) if given != width else None
        layers.append(TorchvisionBlock(given, width, 1 + (given != width), shorter))
        layers += [TorchvisionBlock(width, width) for _ in range(blocks - 1)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    return nn.Sequential(*layers)


def copied(model: nn.Module, other: nn.Module) -> None:
    """Copy every tensor in its order; the other's shortcuts have some of their own."""
    theirs = [v for n, v in other.state_dict().items() if "downsample" not in n]
    for mine, tensor in zip(model.state_dict().values(), theirs, strict=True):
        tensor.copy_(mine)


@pytest.mark.parametrize("blocks", [1, 3])
def test_it_gives_the_logits_of_torchvisions_blocks(blocks: int) -> None:
    """
    With the same weights, in training, which moves the statistics, and in eval mode.
    """
    torch.manual_seed(0)
    model, other = resnet20(blocks=blocks), of_torchvision(blocks=blocks)
    copied(model, other)
    image = torch.randn(8, 3, 32, 32)

    for _ in range(3):
        assert torch.allclose(model(image), other(image), atol=1e-5)
    assert torch.allclose(model.eval()(image), other.eval()(image), atol=1e-5)


def test_the_trained_weights_give_the_logits_of_torchvisions_blocks() -> None:
    """
    The weights that are shipped are those of a ResNet as others know it.
    """
    model, other = zoo.load("resnet20-cifar10"), of_torchvision()
    copied(model, other)
    image = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        assert torch.allclose(model(image), other.eval()(image), atol=1e-5)


def test_tensors_are_named_as_in_torchvision() -> None:
    """
    With two blocks a stage the names are those of its ResNet-18, which has a fourth
    stage and parameters in its shortcuts.
    """
    theirs = {n for n in resnet18().state_dict() if "downsample" not in n}
    wanted = {name for name in theirs if not name.startswith("layer4")}

    assert set(resnet20(blocks=2).state_dict()) == wanted


@pytest.mark.parametrize("blocks", [3, 5, 7, 9, 18])
def test_the_parameter_count_is_the_papers_formula(blocks: int) -> None:
    """
    Table 6 of the paper says 0.27M, 0.46M, 0.66M, 0.85M and 1.7M: 6 n + 2 layers, a
    scale and a shift after each convolution, and no parameter in a shortcut.
    """
    convolutions = 3 * 16 * 9
    norms = 2 * 16 * (1 + 2 * blocks)
    for given, width in ((16, 16), (16, 32), (32, 64)):
        convolutions += 9 * (given * width + (2 * blocks - 1) * width * width)
    norms += 2 * 2 * blocks * (32 + 64)
    model = resnet20(blocks=blocks)

    counted = sum(p.numel() for p in model.parameters())
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert counted == convolutions + norms + 650
    assert len(layers) == 6 * blocks + 2
    if blocks == 3:
        assert counted == 269_722


def test_a_shortcut_is_strided_and_pads_with_zeros() -> None:
    """
    Every second pixel is as it was, and new channels lie half before, half after.
    """
    maps = torch.rand(2, 4, 6, 6)
    found = PadShortcut(extra_channels=4, stride=2)(maps)

    assert torch.equal(found[:, 2:6], maps[:, :, ::2, ::2])
    assert found[:, [0, 1, 6, 7]].abs().max() == 0


def test_a_block_learns_the_residual() -> None:
    """
    Where the scale of its last normalisation is zero, maps pass it as they are.
    """
    block, maps = BasicBlock(16, 16), torch.rand(2, 16, 8, 8)
    nn.init.zeros_(block.bn2.weight)

    assert torch.equal(block(maps), maps)


def rows(seed: int, *, moved: int) -> TensorRows:
    """Noise; with `moved`, a picture of class 1 is lighter by so much in its red."""
    random = torch.Generator().manual_seed(seed)
    target = torch.arange(40) % 2
    image = torch.randint(0, 100, (40, 3, 32, 32), generator=random)
    image[:, 0] += moved * target.view(-1, 1, 1)
    return TensorRows(
        input=image.to(torch.uint8), target=target, source="drawn", fingerprint=""
    )


def test_the_softmax_regression_reads_pixels_and_nothing_else() -> None:
    """
    It tells light from dark red on pictures it has not seen, and in noise it guesses.
    """
    assert softmax_regression_accuracy(rows(0, moved=50), rows(1, moved=50)) == 1.0
    assert 0.2 < softmax_regression_accuracy(rows(0, moved=0), rows(1, moved=0)) < 0.8


def test_no_picture_without_a_licence_is_shipped() -> None:
    """
    CIFAR-10 has none: the example is of another size, and the golden is of noise, which
    differs from one pixel to the next as no picture does.
    """
    with Image.open(zoo.example("resnet20-cifar10")) as example:
        size = example.size
    folder = store.shipped_checkpoint(zoo.get_spec("resnet20-cifar10"))
    held = weights.tensors(folder / "golden.safetensors")["input"]

    assert size != (32, 32)
    assert held.diff(dim=3).abs().mean() > 0.8 * held.std()


def test_the_example_is_a_cat() -> None:
    """
    A photograph that is not of CIFAR-10, brought to 32x32 pixels.
    """
    name = "resnet20-cifar10"

    assert zoo.predict(name, zoo.example(name)).label == "cat"


def test_it_learns_digits_by_a_new_head() -> None:
    """
    Fine-tuned on 300 handwritten digits of scikit-learn, it reads others, although it
    was trained on colour photographs.
    """
    table = zoo.load_dataset("digits", "train").shuffle(seed=0)
    learnt, asked = table.select(range(300)), table.select(range(300, 600))
    lesson = finetune_by_name("resnet20-cifar10", learnt, test=asked)

    assert lesson.metrics["accuracy"] > 0.8


@pytest.mark.data
def test_it_learns_zebras_by_a_new_head() -> None:
    """
    Fine-tuned on 400 photographs of horses and zebras, it tells others apart better
    than the commonest class does, and than pixels do, of which 0.61 was measured.
    """
    try:
        table = {
            split: zoo.load_dataset("horse2zebra", split).shuffle(seed=0)
            for split in ("train", "test")
        }
    except DataError:
        pytest.skip("ZOO_DATA holds no horse2zebra")
    learnt = table["train"].select(range(400))
    lesson = finetune_by_name(
        "resnet20-cifar10", learnt, test=table["test"], settings={"l2_sp": 0.01}
    )

    assert lesson.metrics["accuracy"] > 0.7
    assert lesson.run.baselines["the commonest class"]["accuracy"] < 0.6


NAME = "resnet20-cifar10"
RULES = [(r"^linear\.", "fc.")]  # many projects call the last layer so


def theirs() -> dict[str, torch.Tensor]:
    """The trained tensors under the names that other projects give them."""
    return {
        name.replace("fc.", "linear."): tensor.clone()
        for name, tensor in zoo.load(NAME).state_dict().items()
    }


def test_somebodys_resnet20_is_imported_by_its_names(tmp_path: Path) -> None:
    """
    A state_dict whose keys are renamed gives the identical model, by patterns.
    """
    held = theirs()
    torch.save(held, tmp_path / "theirs.pth")
    build = zoo.get_spec(NAME).build

    done = zoo.import_weights(
        tmp_path / "theirs.pth", tmp_path / "own", build=build, rename=RULES
    )

    assert {"conv1.weight", "layer2.0.bn2.running_var", "linear.bias"} <= set(held)
    assert len(done.match.matched) == 116
    first, again = zoo.load(NAME).state_dict(), zoo.load(done.folder).state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())


def test_a_wrong_rule_leaves_nothing_behind(tmp_path: Path) -> None:
    """
    The report names what is missing and what is nearest to it.
    """
    torch.save(theirs(), tmp_path / "theirs.pth")
    with pytest.raises(ImportWeightsError) as told:
        zoo.import_weights(
            tmp_path / "theirs.pth",
            tmp_path / "own",
            build=zoo.get_spec(NAME).build,
        )

    assert "114 of 116 tensors agree" in str(told.value)
    assert "missing 'fc.bias'; nearest: 'linear.bias'" in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.pth"]
