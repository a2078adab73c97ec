"""VGG-16 for photographs: its layers beside timm's, and a new head on a file of timm's.

What every model with timm's weights promises is tested with the plugin `timm`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch
from datasets import DatasetDict
from loopback import Hub
from pinned import pinned
from safetensors.torch import load_file, save_file
from timm.models.vgg import VGG as TimmVGG
from torch import nn
from torch.nn.functional import conv2d
from zoo_vgg.vgg import CONFIGURATION_D, VGG, DenseVGG, vgg16, vgg16_dense

import zoo
from zoo.errors import DataError

NAME, REPO = "vgg16", "timm/vgg16.tv_in1k"
HEAD = {"head.fc.weight", "head.fc.bias"}
STACKS = ((8,), (16, 16))
SLIM = [8, "M", 16, 16, "M"]  # the same in timm's words
SIZES = [(28, 28), (28, 40), (53, 36), (12, 30)]  # with one place, more, and too few


@torch.inference_mode()
@pytest.mark.parametrize("size", SIZES)
def test_it_gives_timms_logits(size: tuple[int, int]) -> None:
    """
    Of timm's own VGG with two slim stacks and linear layers of full width.
    """
    torch.manual_seed(0)
    theirs = TimmVGG(SLIM, num_classes=5).eval()
    ours = DenseVGG(STACKS, pooled=7, hidden=4096, classes=5).eval()
    ours.load_state_dict(theirs.state_dict())
    image = torch.randn(2, 3, *size)

    assert torch.allclose(ours(image), theirs(image), atol=1e-5)


def test_at_its_own_size_it_is_the_network_with_linear_layers() -> None:
    """
    The weights of a linear layer, shaped as a kernel, give the same logits.
    """
    torch.manual_seed(0)
    linear = VGG(STACKS, pooled=7, hidden=(32, 32), classes=5).eval()
    dense = DenseVGG(STACKS, pooled=7, hidden=32, classes=5).eval()
    given = linear.state_dict()
    for mine, theirs in {
        "pre_logits.fc1": "classifier.0",
        "pre_logits.fc2": "classifier.3",
        "head.fc": "classifier.6",
    }.items():
        for kind in ("weight", "bias"):
            shape = dense.get_parameter(f"{mine}.{kind}").shape
            given[f"{mine}.{kind}"] = given.pop(f"{theirs}.{kind}").reshape(shape)
    dense.load_state_dict(given)
    image = torch.randn(2, 3, 28, 28)

    assert torch.allclose(dense(image), linear(image), atol=1e-5)


@torch.inference_mode()
def test_a_larger_image_gets_the_mean_of_its_places() -> None:
    """
    The last layer as a convolution of 1x1 answers at each place; section 3.2.
    """
    torch.manual_seed(0)
    model = DenseVGG(STACKS, pooled=7, hidden=32, classes=5).eval()
    image = torch.randn(2, 3, 36, 44)
    fc = model.head.get_submodule("fc")
    assert isinstance(fc, nn.Linear)

    places = model.pre_logits(model.features(image))
    answers = conv2d(places, fc.weight[:, :, None, None], fc.bias)

    assert answers.shape == (2, 5, 3, 5)
    assert torch.allclose(model(image), answers.mean(dim=(2, 3)), atol=1e-5)


def test_both_full_sizes_are_configuration_d() -> None:
    """
    138,357,544 parameters, thirteen convolutions and three more layers.
    """
    with torch.device("meta"):
        models = vgg16(), vgg16_dense()

    for model in models:
        assert sum(p.numel() for p in model.parameters()) == 138_357_544
        convolutions = [p for p in model.features if isinstance(p, nn.Conv2d)]
        assert len(convolutions) == sum(map(len, CONFIGURATION_D)) == 13


def test_what_the_registry_builds_is_its_own_code() -> None:
    """
    One readable file, and no library's.
    """
    with torch.device("meta"):
        model = zoo.build(NAME, classes=2)

    assert isinstance(model, DenseVGG)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as timm puts it on the Hub: 553 MB, names and shapes of vgg16."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("timm") / "model.safetensors"
    save_file(timm.create_model("vgg16").state_dict(), path)
    return path


@pytest.fixture
def hub(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub that has the file, and a spec that knows its size and SHA-256."""
    with pinned(NAME, file, REPO, tmp_path, monkeypatch) as hub:
        yield hub


@pytest.mark.slow
def test_a_file_of_timms_comes_from_the_hub_and_computes_what_timm_computes(
    hub: Hub, file: Path
) -> None:
    """
    Once over the wire; logits of a photograph's size equal timm's on the same weights.
    """
    theirs = timm.create_model("vgg16").eval()
    theirs.load_state_dict(load_file(file))
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))

    ours = zoo.load(NAME)
    zoo.load(NAME)

    with torch.inference_mode():
        assert torch.allclose(ours(image), theirs(image), atol=1e-5)
    assert ours.zoo.report.fresh == ()
    assert hub.count("GET", r"/resolve/.*model\.safetensors") == 1


@pytest.mark.slow
@pytest.mark.data
def test_a_new_head_learns_and_the_rest_is_the_files(
    hub: Hub, file: Path, tmp_path: Path
) -> None:
    """
    Ants and bees by a linear probe on VGG-16's features; the folder that is written
    loads in timm's own model, which then says the same.
    """
    try:
        rows = {s: zoo.load_dataset("hymenoptera", s) for s in ("train", "test")}
    except DataError:
        pytest.skip("ZOO_DATA holds no hymenoptera")
    few = DatasetDict(
        {s: part.select(range(0, len(part), 16)) for s, part in rows.items()}
    )

    model = zoo.finetune(NAME, few, tmp_path / "mine")

    before, after = load_file(file), load_file(tmp_path / "mine" / "model.safetensors")
    assert {n for n in after if not torch.equal(after[n], before[n])} == HEAD
    theirs = timm.create_model("vgg16", num_classes=2).eval()
    theirs.load_state_dict(after)
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(model(image), theirs(image), atol=1e-5)
    found = zoo.predict(tmp_path / "mine", few["test"]["image"][0])
    assert found.label in {"ants", "bees"}
