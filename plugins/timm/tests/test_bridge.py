"""Any classifier of timm by its name: what it is, and that it loads and learns."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch
from loopback import Hub, connected, guarded, hurried
from PIL import Image
from safetensors.torch import load_file, save
from timm.data import ImageNetInfo, create_transform, resolve_data_config
from zoo_timm import LABELS, bridge

import zoo
from zoo.artifacts import hub_download
from zoo.errors import (
    MissingExtra,
    ModelNotFound,
    NotFound,
    OptionError,
    TrustWarning,
)
from zoo.preprocessing import image as images
from zoo.specs import ImageInput

NAME, REPO = "timm/resnet18.a1_in1k", "timm/resnet18.a1_in1k"
COLOURS = {"red": (200, 60, 60), "blue": (60, 60, 200)}


@pytest.fixture(scope="module")
def content() -> bytes:
    """A file as timm puts it on the Hub: its names and types, other numbers."""
    torch.manual_seed(0)
    tensors = timm.create_model("resnet18").state_dict()
    return save({name: one.contiguous() for name, one in tensors.items()})


@pytest.fixture
def hub(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    """A Hub that has the file, and empty caches."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub_download, "RETRY_DELAY", 0.01)
    monkeypatch.setattr(hub_download, "_last_response", {})
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    with (
        Hub(tmp_path / "hub") as server,
        connected(server, tmp_path / "home"),
        guarded(),
        hurried(),
    ):
        server.put(REPO, {"model.safetensors": content, "config.json": b"{}"})
        yield server


def photographs(folder: Path, count: int = 6) -> Path:
    """Write pictures of two colours into class-named folders."""
    random = torch.Generator().manual_seed(0)
    for label, colour in COLOURS.items():
        (folder / label).mkdir(parents=True)
        for number in range(count):
            noise = torch.randint(-40, 40, (40, 48, 3), generator=random)
            pixels = (torch.tensor(colour) + noise).to(torch.uint8)
            Image.fromarray(pixels.numpy()).save(folder / label / f"{number}.png")
    return folder


@torch.inference_mode()
def test_a_name_of_timms_is_loaded_and_computes_what_timm_computes(
    hub: Hub, content: bytes
) -> None:
    """
    The first load is trusted, the second silent and without a request; logits are those
    of timm's own model with the file.
    """
    torch.manual_seed(0)
    theirs = timm.create_model("resnet18").eval()
    given = torch.randn(1, 3, 224, 224)

    with pytest.warns(TrustWarning, match="trusted on first use: zoo-timm knows no"):
        model = zoo.load(NAME)
    hub.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = zoo.load(NAME)

    assert torch.allclose(model(given), theirs(given), atol=1e-5)
    assert torch.equal(model(given), again(given))
    assert model.zoo.report.fresh == ()
    assert model.zoo.labels == LABELS
    assert hub.requests == []


def test_it_is_fine_tuned_saved_and_loaded_again(hub: Hub, tmp_path: Path) -> None:
    """
    A new head learns two colours; the folder gives the same outputs, and timm's own
    model takes its file.
    """
    folder = photographs(tmp_path / "photos")

    with pytest.warns(TrustWarning):
        model = zoo.finetune(NAME, folder, tmp_path / "mine")

    picture = folder / "blue" / "0.png"
    again = zoo.load(tmp_path / "mine")
    given = torch.randn(2, 3, 224, 224)
    theirs = timm.create_model("resnet18", num_classes=2).eval()
    theirs.load_state_dict(load_file(tmp_path / "mine" / "model.safetensors"))
    with torch.inference_mode():
        assert torch.equal(model(given), again(given))
        assert torch.allclose(model(given), theirs(given), atol=1e-5)
    assert again.zoo.labels == ("blue", "red")
    assert again.zoo.parent["name"] == NAME
    assert zoo.predict(tmp_path / "mine", picture).label == "blue"


@pytest.mark.parametrize(
    "name",
    [
        "resnet50.a1_in1k",
        "vit_base_patch16_224.augreg2_in21k_ft_in1k",
        "convnext_tiny.in12k",
        "eva02_tiny_patch14_336.mim_in22k_ft_in1k",  # squash
    ],
)
def test_the_spec_is_what_timm_publishes(name: str) -> None:
    """
    The size, and a picture prepared as by timm's own transform; the parameters, the
    head, the licence, the repository.
    """
    spec, config = zoo.get_spec(f"timm/{name}"), timm.get_pretrained_cfg(name)
    with torch.device("meta"):
        model = timm.create_model(name)
    transform = create_transform(**resolve_data_config({}, model=model))
    picture = Image.open(zoo.example("efficientnet-lite0")).convert("RGB")
    expected = spec.input
    assert isinstance(expected, ImageInput)

    prepared = images.image_to_tensor(images.open_image(picture, expected), expected)

    assert (prepared - transform(picture)).abs().max() < 1e-6
    assert spec.parameters == sum(p.numel() for p in model.parameters())
    assert model.get_submodule(str(spec.head)).out_features == len(spec.labels)
    assert spec.license.weights == config.license
    assert spec.weights is not None
    assert (spec.weights.repo, spec.weights.revision) == (config.hf_hub_id, "main")
    assert bool(spec.papers) == bool(config.paper_ids)


def test_every_listed_name_has_a_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    More than a thousand: no configuration of timm's is refused after it was listed.
    """
    monkeypatch.setattr(bridge, "_parameters", lambda *_: 0)
    names = bridge.names()

    specs = [bridge.resolve.__wrapped__(name) for name in names]

    assert len(specs) > 1000
    assert [spec.name for spec in specs] == [f"timm/{name}" for name in names]
    assert {len(spec.labels) for spec in specs} == {
        1000,
        11221,
        11821,
        21841,
        21842,
        21843,
    }


def test_classes_that_share_a_name_are_told_apart() -> None:
    """
    By WordNet's number; the others have the first name that timm has.
    """
    spec = zoo.get_spec("timm/convnext_tiny.in12k")
    info = ImageNetInfo("imagenet-12k")
    first = [info.index_to_description(n).split(",")[0] for n in range(11821)]

    assert len(set(spec.labels)) == 11821
    assert [
        a == b or a == f"{b} ({info.index_to_label_name(n)})"
        for n, (a, b) in enumerate(zip(spec.labels, first, strict=True))
    ] == [True] * 11821


def test_an_unknown_name_has_near_misses() -> None:
    """
    Of architectures and of weights; and where nothing is near, how to list them.
    """
    messages = {}
    for name in ("resnet18.a1_in1", "resnet18.nope", "qqqqqqqq"):
        with pytest.raises(ModelNotFound) as refused:
            zoo.load(f"timm/{name}")
        messages[name] = str(refused.value)

    assert messages == {
        "resnet18.a1_in1": "No model named 'timm/resnet18.a1_in1'. Did you mean "
        "'timm/resnet18.a1_in1k' or 'timm/resnet18.a3_in1k' or "
        "'timm/resnet18.a2_in1k'?",
        "resnet18.nope": "No model named 'timm/resnet18.nope'. Did you mean "
        "'timm/resnet18.tv_in1k' or 'timm/resnet18.a3_in1k' or "
        "'timm/resnet18.a2_in1k'?",
        "qqqqqqqq": "No model named 'timm/qqqqqqqq'. Run \"zoo list 'timm/*'\" to see "
        "the models you have.",
    }


def test_what_is_no_classifier_says_so() -> None:
    """
    timm has features alone of it, or classes without names.
    """
    with pytest.raises(NotFound) as refused:
        zoo.load("timm/vit_base_patch14_dinov2.lvd142m")

    assert str(refused.value) == (
        "timm has 'vit_base_patch14_dinov2.lvd142m', but the zoo can't load it: it is "
        "no classifier of ImageNet, and timm names no classes of others."
    )


def test_without_timm_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Whatever is asked of it.
    """
    monkeypatch.setitem(sys.modules, "timm", None)

    for ask in (zoo.load, zoo.get_spec, zoo.list_models):
        with pytest.raises(MissingExtra) as refused:
            ask("timm/resnet18.a2_in1k")

        assert str(refused.value) == (
            "A model 'timm/...' needs the package 'timm', which is not installed. Run: "
            "pip install timm"
        )


def test_an_address_on_the_hub_is_no_name_of_timms() -> None:
    """
    timm itself would fetch a configuration from there; a config.json could ask for it.
    """
    with pytest.raises(OptionError) as refused:
        zoo.build(NAME, architecture="hf-hub:alice/other")

    assert str(refused.value).startswith(
        f"Model {NAME!r}: it can't be built with these options (timm has no model "
        "'hf-hub:alice/other')."
    )


def test_the_models_are_listed_without_timm() -> None:
    """
    Neither the list of registered models nor the import of the bridge brings it.
    """
    code = (
        "import sys, zoo, zoo_timm.bridge; zoo.list_models(); "
        "print({'torch', 'timm'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert done.stdout == "set()\n"
