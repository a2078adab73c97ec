"""What a spec refuses, word for word, and what it derives."""

from collections.abc import Callable
from typing import Any

import pytest

from zoo import (
    ClassOutput,
    DatasetSpec,
    ImageInput,
    ImageOutput,
    License,
    Metric,
    ModelSpec,
    NoiseInput,
    Trunk,
    Weights,
)
from zoo.errors import SpecError

SHA = "0123456789abcdef" * 4
COMMIT = "0123456789" * 4
PIXELS = ImageInput(height=28, width=28, channels=1)
TRUNK = Trunk(module="layer4", size=(7, 7), stride=32)
YES_NO = ClassOutput(labels=("no", "yes"))
NAMED = "lower-case words joined by hyphens, with at most one '.variant'"
LICENCE = "a licence, or 'unknown'"
RIGHT = Metric(name="accuracy", value=1.0, dataset="mnist")


def photograph(**changes: Any) -> ImageInput:
    return ImageInput(**{"height": 28, "width": 28} | changes)


def model(**changes: Any) -> ModelSpec:
    values: dict[str, Any] = {
        "name": "net",
        "summary": "A net.",
        "task": "image-classification",
        "build": "zoo_net.net:net",
        "recipe": "zoo_net.recipe",
        "card": "card.md",
        "license": License(code="mit", weights="mit", data="mit"),
        "parameters": 1,
        "input": PIXELS,
        "output": YES_NO,
        "trained_on": ("mnist",),
    }
    return ModelSpec(**values | changes)


def dataset(**changes: Any) -> DatasetSpec:
    values: dict[str, Any] = {
        "name": "digits",
        "summary": "Digits.",
        "license": "mit",
        "splits": {"train": 1},
        "columns": {"image": ()},
    }
    return DatasetSpec(**values | changes)


REFUSED = [
    (
        lambda: License(code="mit", weights="", data="mit"),
        f"License: weights='' should be {LICENCE}.",
    ),
    (
        lambda: Metric(name="f1", value=1.0, dataset="iris", tolerance=-1.0),
        "Metric 'f1': tolerance=-1.0 should be zero or more.",
    ),
    (
        lambda: Weights(size=1, sha256="AB"),
        "Weights: sha256='AB' should be 64 hexadecimal digits.",
    ),
    (
        lambda: Weights(size=0, sha256=SHA),
        "Weights: size=0 should be the file's size in bytes.",
    ),
    (
        lambda: Weights(size=None, sha256=SHA),
        "Weights: size=None should be the file's size in bytes.",
    ),
    (
        lambda: Weights(size=0, sha256=SHA, repo="a/b", revision=COMMIT),
        "Weights: size=0 should be the file's size in bytes.",
    ),
    (
        lambda: Weights(size=1, sha256=SHA, repo="a/b", revision="main"),
        "Weights: revision='main' should be a full commit id of 40 digits, not a "
        "branch.",
    ),
    (
        lambda: Weights(size=1, sha256=SHA, repo="a/b"),
        "Weights: revision='' should be a full commit id of 40 digits, not a branch.",
    ),
    (
        lambda: photograph(resample="lanczos"),
        "ImageInput: resample='lanczos' should be 'bilinear', 'bicubic' or 'nearest'.",
    ),
    (
        lambda: photograph(crop=0.0),
        "ImageInput: crop=0.0 should be above 0, and at most 1.",
    ),
    (
        lambda: photograph(crop=0.9, background="dark"),
        "ImageInput: crop=0.9 should be 1, because only a square frame cuts into "
        "photographs.",
    ),
    (
        lambda: photograph(crop=0.9, height=20),
        "ImageInput: crop=0.9 should be 1, because only a square frame cuts into "
        "photographs.",
    ),
    (
        lambda: ClassOutput(labels=("only",)),
        "ClassOutput: labels=('only',) should be at least two.",
    ),
    (
        lambda: ClassOutput(labels=("a", "a")),
        "ClassOutput: labels=('a', 'a') should be all different.",
    ),
    (
        lambda: ImageOutput(height=0, width=1),
        "ImageOutput: height=0 should be at least 1.",
    ),
    (
        lambda: ImageOutput(height=1, width=1, low=1.0),
        "ImageOutput: low=1.0 should be below 1.0.",
    ),
    (
        lambda: NoiseInput(latent_dim=0),
        "NoiseInput: latent_dim=0 should be at least 1.",
    ),
    (lambda: model(name="Net"), f"Model 'Net': name='Net' should be {NAMED}."),
    (lambda: model(name="a.b.c"), f"Model 'a.b.c': name='a.b.c' should be {NAMED}."),
    (lambda: model(name="net\n"), f"Model 'net\\n': name='net\\n' should be {NAMED}."),
    (lambda: model(name="../x"), f"Model '../x': name='../x' should be {NAMED}."),
    (
        lambda: model(build="zoo_net.net"),
        "Model 'net': build='zoo_net.net' should be 'package.module:function'.",
    ),
    (
        lambda: model(recipe="zoo_net/recipe.py"),
        "Model 'net': recipe='zoo_net/recipe.py' should be a module, 'package.module'.",
    ),
    (
        lambda: model(recipe=None, metrics=(RIGHT,)),
        "Model 'net': recipe=None should be the module that measures the metrics "
        "again.",
    ),
    (
        lambda: model(summary=" "),
        "Model 'net': summary=' ' should be one sentence.",
    ),
    (
        lambda: model(parameters=-1),
        "Model 'net': parameters=-1 should be a count.",
    ),
    (
        lambda: model(chapters=("cnn", "Transfer learning")),
        "Model 'net': chapters='Transfer learning' should be lower-case words joined "
        "by hyphens.",
    ),
    (
        lambda: Trunk(module="layer4:out", size=(7, 7), stride=32),
        "Trunk: module='layer4:out' should be a submodule of the network, such as "
        "'layer4' or 'features.8'.",
    ),
    (
        lambda: Trunk(module="layer4", size=(7, 0), stride=32),
        "Trunk: size=(7, 0) should be the height and the width of the map.",
    ),
    (
        lambda: Trunk(module="layer4", size=(7, 7), stride=0),
        "Trunk: stride=0 should be at least 1.",
    ),
    (
        lambda: model(input=NoiseInput(latent_dim=2), trunk=TRUNK),
        f"Model 'net': trunk={TRUNK} should be None, because the input is no picture "
        "but noise.",
    ),
    (
        lambda: dataset(name="My Digits"),
        "Dataset 'My Digits': name='My Digits' should be lower-case words joined by "
        "'_' or '-'.",
    ),
    (
        lambda: dataset(license=""),
        f"Dataset 'digits': license='' should be {LICENCE}.",
    ),
    (
        lambda: dataset(revision="main"),
        "Dataset 'digits': revision='main' should be a full commit id of 40 digits, or "
        "'refs/convert/parquet'.",
    ),
    (
        lambda: dataset(package="zoo_net.digits"),
        "Dataset 'digits': package='zoo_net.digits' should be 'module:function'.",
    ),
]


@pytest.mark.parametrize(
    ("make", "message"), REFUSED, ids=[message for _, message in REFUSED]
)
def test_refused(make: Callable[[], object], message: str) -> None:
    """
    A value that can't be meant is refused where it is written, with these words.
    """
    with pytest.raises(SpecError) as caught:
        make()

    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["net", "net5-mnist", "xor-mlp.hand-set", "3d-net"])
def test_name_of_a_model(name: str) -> None:
    """
    Lower-case words joined by hyphens, and at most one variant, make a name.
    """
    assert model(name=name).name == name


def test_weights_on_the_hub_are_pinned_to_a_commit() -> None:
    """
    A repository with a full commit id is accepted.
    """
    pin = Weights(size=1, sha256=SHA, repo="a/b", revision=COMMIT)

    assert pin.filename == "model.safetensors"


def test_the_size_of_a_file_on_the_hub_may_be_unknown() -> None:
    """
    Its SHA-256 is enough to know it by.
    """
    pin = Weights(size=None, sha256=SHA, repo="a/b", revision=COMMIT)

    assert pin.size is None


def test_a_model_may_have_no_recipe() -> None:
    """
    A third party's, of which nothing is measured.
    """
    assert model(recipe=None).recipe is None


def test_one_label_is_enough_for_a_multi_label_model() -> None:
    """
    A single yes-or-no question is a task; a choice of one is not.
    """
    assert ClassOutput(labels=("smiles",), multi_label=True).labels == ("smiles",)


def test_a_dataset_may_follow_the_converted_copy() -> None:
    """
    Sets that had a script on the Hub are pinned by the name of their Parquet copy.
    """
    assert dataset(revision="refs/convert/parquet").revision == "refs/convert/parquet"


def test_package_is_where_the_code_lies() -> None:
    """
    The import package is the first word of the build reference.
    """
    assert model(build="zoo_net.deep.net:net").package == "zoo_net"
    assert model(build="zoo_net:net").package == "zoo_net"


def test_labels_are_those_of_the_output() -> None:
    """
    `spec.labels` is short for `spec.output.labels`.
    """
    assert model().labels == ("no", "yes")


def test_a_spec_can_be_hashed() -> None:
    """
    Specs with options and settings can stand in sets and as keys.
    """
    assert len({model(options={"a": 1}), model(options={"a": 1})}) == 1


def test_a_spec_is_frozen() -> None:
    """
    Nobody changes a registered spec by accident.
    """
    with pytest.raises(AttributeError):
        model().name = "other"  # type: ignore[misc]
