"""Names to specs, near misses, and every condition of a search."""

from typing import Any

import pytest

from zoo import (
    ClassOutput,
    DatasetSpec,
    ImageInput,
    License,
    Metric,
    ModelSpec,
    TextInput,
    Weights,
)
from zoo.errors import (
    ChapterNotFound,
    DatasetNotFound,
    ModelNotFound,
    SettingsError,
)
from zoo.plugins.registry import Registry, dataset


def model(name: str, **changes: Any) -> ModelSpec:
    values: dict[str, Any] = {
        "name": name,
        "summary": "A net.",
        "task": "image-classification",
        "build": "zoo_net.net:net",
        "recipe": "zoo_net.recipe",
        "card": "card.md",
        "license": License(code="mit", weights="mit", data="mit"),
        "parameters": 1000,
        "input": ImageInput(height=28, width=28),
        "output": ClassOutput(labels=("no", "yes")),
        "trained_on": ("mnist",),
    }
    return ModelSpec(**values | changes)


SMALL = model(
    "mlp-mnist",
    summary="One hidden layer reads a Digit.",
    weights=Weights(size=500, sha256="0" * 64),
    metrics=(
        Metric(name="accuracy", value=0.97, dataset="mnist"),
        Metric(name="recall@5", value=1.0, dataset="mnist"),
    ),
)
LARGE = model(
    "resnet50",
    task="image-embedding",
    license=License(code="mit", weights="apache-2.0", data="unknown"),
    parameters=25_000_000,
    trained_on=("imagenet", "mnist"),
    metrics=(Metric(name="accuracy", value=0.8, dataset="imagenet"),),
    tags=("cnn", "photographs"),
    chapters=("resnet", "transfer-learning"),
)
PLAIN = model("lenet5", trained_on=("iris",), chapters=("cnn",))
REGISTRY = Registry({spec.name: spec for spec in (SMALL, LARGE, PLAIN)})
UNKNOWN = Weights(size=None, sha256="0" * 64, repo="a/b", revision="0" * 40)
ALL = ["lenet5", "mlp-mnist", "resnet50"]

FOUND: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ALL),
    ({"text": "*"}, ALL),
    ({"text": "mlp-*"}, ["mlp-mnist"]),
    ({"text": "MLP-*"}, ["mlp-mnist"]),
    ({"text": "[lm]*"}, ["lenet5", "mlp-mnist"]),
    ({"text": "*net"}, []),
    ({"text": "image"}, ALL),
    ({"text": "digit"}, ["mlp-mnist"]),
    ({"text": "DIGIT hidden"}, ["mlp-mnist"]),
    ({"text": "digit photographs"}, []),
    ({"text": "cnn"}, ["resnet50"]),
    ({"text": "embedding"}, ["resnet50"]),
    ({"text": "class"}, ["lenet5", "mlp-mnist"]),  # begins a word of the task
    ({"text": "cat"}, []),  # lies inside "classification"
    ({"text": "imagenet"}, ["resnet50"]),  # a dataset
    ({"text": "yes"}, ALL),  # a label
    ({"text": "nist"}, ["mlp-mnist"]),  # a part of the name
    ({"text": "Korean"}, []),
    ({"task": "image-embedding"}, ["resnet50"]),
    ({"task": "image"}, []),
    ({"max_parameters": 1000}, ["lenet5", "mlp-mnist"]),
    ({"max_parameters": 999}, []),
    ({"max_bytes": 500}, ["mlp-mnist"]),
    ({"max_bytes": 4000}, ["lenet5", "mlp-mnist"]),  # four bytes a parameter
    ({"license": "apache-2.0"}, ["resnet50"]),
    ({"trained_on": "mnist"}, ["mlp-mnist", "resnet50"]),
    ({"trained_on": "mni"}, []),
    ({"chapter": "cnn"}, ["lenet5"]),
    ({"chapter": "transfer-learning"}, ["resnet50"]),
    ({"chapter": "cnn", "text": "mlp"}, []),
    ({"metric": "accuracy"}, ["mlp-mnist", "resnet50"]),
    ({"metric": "recall@5"}, ["mlp-mnist"]),
    ({"metric": "f1"}, []),
    ({"metric": "accuracy>=0.97"}, ["mlp-mnist"]),
    ({"metric": "accuracy>0.97"}, []),
    ({"metric": "accuracy<=.8"}, ["resnet50"]),
    ({"metric": "accuracy<0.8"}, []),
    ({"metric": " accuracy == 8e-1 "}, ["resnet50"]),
    ({"text": "net", "task": "image-embedding", "max_parameters": 5}, []),
]


@pytest.mark.parametrize(("conditions", "names"), FOUND, ids=str)
def test_search(conditions: dict[str, Any], names: list[str]) -> None:
    """
    A search gives the specs that meet every condition, in alphabetical order.
    """
    assert [spec.name for spec in REGISTRY.search(**conditions)] == names


def test_a_language_is_found_by_its_names() -> None:
    reader = model(
        "gru",
        task="text-classification",
        input=TextInput(max_length=8, vocab_size=10, language="ko"),
    )
    registry = Registry({"gru": reader, "lenet5": PLAIN})

    for word in ("korean", "Korean", "한국어"):
        assert [spec.name for spec in registry.search(word)] == ["gru"]


def test_a_task_is_found_in_korean() -> None:
    """
    Beside the Hub's English tag.
    """
    registry = Registry({"gru": model("gru", task="translation"), "lenet5": PLAIN})

    assert [spec.name for spec in registry.search("번역")] == ["gru"]
    assert [spec.name for spec in registry.search("이미지 분류")] == ["lenet5"]


@pytest.mark.parametrize(
    "condition", ["accuracy>=", "accuracy>=1e", ">=0.9", "accuracy=1", "a>+-3", ""]
)
@pytest.mark.parametrize("registry", [REGISTRY, Registry({})], ids=["full", "empty"])
def test_a_malformed_condition(registry: Registry, condition: str) -> None:
    """
    A condition that can't be read is refused, whatever is installed.
    """
    with pytest.raises(SettingsError) as caught:
        registry.search(metric=condition)

    assert str(caught.value) == (
        f"metric={condition!r} should be a name or a condition such as "
        "'accuracy>=0.99'."
    )


def test_an_unknown_chapter() -> None:
    """
    A chapter that no model is in is an error, not an empty answer.
    """
    with pytest.raises(ChapterNotFound) as caught:
        REGISTRY.search(chapter="resnets")

    assert str(caught.value) == (
        "No model is in a chapter 'resnets'. Did you mean 'resnet'? Chapters: cnn, "
        "resnet, transfer-learning."
    )
    assert caught.value.chapter == "resnets"


def test_a_registry_is_a_mapping_in_alphabetical_order() -> None:
    """
    Names come sorted, whatever the order of registration.
    """
    assert list(REGISTRY) == ALL
    assert len(REGISTRY) == 3
    assert REGISTRY["lenet5"] is PLAIN
    assert "lenet5" in REGISTRY
    assert "lenet" not in REGISTRY


def test_a_near_miss_is_suggested() -> None:
    """
    A name that is not installed is an error that proposes those like it.
    """
    with pytest.raises(ModelNotFound) as caught:
        REGISTRY["MLP_mnist"]

    assert str(caught.value) == (
        "No model named 'MLP_mnist'. Did you mean 'mlp-mnist'?"
    )
    assert caught.value.name == "MLP_mnist"


def test_get_gives_a_default() -> None:
    """
    `get` never raises, though a missing name is no KeyError here.
    """
    assert REGISTRY.get("lenet5") is PLAIN
    assert REGISTRY.get("nope") is None


def test_a_dataset_by_name() -> None:
    """
    A dataset is found by its exact name, and a near miss is suggested.
    """
    digits = DatasetSpec(
        name="digits", summary="", license="mit", splits={"train": 1}, columns={}
    )
    assert dataset({"digits": digits}, "digits") is digits

    with pytest.raises(DatasetNotFound, match="Did you mean 'digits'"):
        dataset({"digits": digits}, "digit")


def test_a_size_that_is_unknown_is_reckoned() -> None:
    """
    Four bytes for each parameter, as for a model without weights.
    """
    registry = Registry({"net": model("net", weights=UNKNOWN)})

    assert registry.search(max_bytes=4000)
    assert not registry.search(max_bytes=3999)
