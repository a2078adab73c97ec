"""Models that torch quantized: the right answer, or an error that says what to do."""

import copy
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

import zoo
from zoo.errors import CheckpointError, ExportError, PrecisionError
from zoo.models.precision import at_precision, quantized_layer

NAME = "lenet5-mnist"


@pytest.fixture(scope="module")
def quantized() -> nn.Module:
    """A trained model whose linear layers compute in int8."""
    return dynamically(zoo.load(NAME))


def dynamically(model: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that torchao will do this one day
        made: nn.Module = torch.ao.quantization.quantize_dynamic(
            copy.deepcopy(model), {nn.Linear, nn.GRU, nn.LSTM}, dtype=torch.qint8
        )
    return made


def test_a_quantized_layer_is_found_by_name(quantized: nn.Module) -> None:
    """
    Its first one; a model of floats has none, and neither has one in half precision.
    """
    assert quantized_layer(quantized) == "classifier.1"
    assert quantized_layer(zoo.load(NAME)) is None
    assert quantized_layer(zoo.load(NAME, dtype=torch.float16)) is None
    assert quantized_layer(dynamically(zoo.load("gru-imdb"))) is not None


def test_it_answers_as_its_module_does(quantized: nn.Module) -> None:
    """
    What it computes is the module's own, not that of the floats it was made of.
    """
    example = zoo.example(NAME)
    found = zoo.predict(quantized, [example, example])[0]
    exact = zoo.predict(zoo.load(NAME), example)

    assert found.label == exact.label == "7"
    assert found.score == pytest.approx(exact.score, abs=0.02)
    assert [*zoo.features(quantized, example).shape] == [
        *zoo.features(zoo.load(NAME), example).shape
    ]


def test_it_computes_in_no_other_precision(quantized: nn.Module) -> None:
    """
    Asked for by name it is an error; "auto" takes what it computes in.
    """
    with pytest.raises(PrecisionError) as told:
        zoo.predict(quantized, zoo.example(NAME), precision="bf16")

    assert str(told.value) == (
        "precision='bf16' is not for a model that was quantized: its layer "
        "'classifier.1' computes in whole numbers. Give the model that it was made of, "
        "or precision='no'."
    )
    assert at_precision(quantized, "auto") is quantized


def test_it_is_not_saved(quantized: nn.Module, tmp_path: Path) -> None:
    """
    zoo.load builds the model with floats, and nothing is written.
    """
    with pytest.raises(CheckpointError) as told:
        zoo.save(quantized, tmp_path / "own")

    assert str(told.value) == (
        "The layer 'classifier.1' of this model is quantized, and "
        "'zoo_cnn.lenet5:lenet5' builds it with floats: zoo.load could not read it, so "
        "nothing was written. Save the model that it was made of, and quantize it "
        "after zoo.load."
    )
    assert not (tmp_path / "own").exists()


def test_it_is_not_exported(quantized: nn.Module, tmp_path: Path) -> None:
    """
    Said before torch.export stumbles over its layers.
    """
    with pytest.raises(ExportError) as told:
        zoo.export(quantized, tmp_path / "graph")

    assert str(told.value) == (
        "'lenet5-mnist' can't be exported: its layer 'classifier.1' is quantized, and "
        "a graph has float32: export the model that it was made of."
    )
    assert not (tmp_path / "graph").exists()


@pytest.mark.parametrize("kind", ["quantized", "compiled"])
def test_it_is_evaluated_and_gives_features_of_its_own(
    kind: str, quantized: nn.Module
) -> None:
    """
    The figures are those of its own answers, and a compiled model's features those of
    the module in it.
    """
    rows = zoo.load_dataset("digits", "train").select(range(40))
    plain = zoo.load(NAME)
    model = quantized if kind == "quantized" else torch.compile(plain, backend="eager")
    pictures = [row["image"] for row in rows]

    answers = [one.label for one in zoo.predict(model, pictures)]
    right = [
        int(label) == row["label"] for label, row in zip(answers, rows, strict=True)
    ]
    features, exact = zoo.features(model, pictures), zoo.features(plain, pictures)

    assert zoo.evaluate(model, rows)["accuracy"] == pytest.approx(sum(right) / 40)
    assert features.shape == exact.shape == (40, 84)
    assert torch.allclose(features, exact, atol=0.2 if kind == "quantized" else 1e-5)
    assert torch.equal(features, exact) == (kind == "compiled")


def test_a_compiled_model_is_saved_and_exported_as_the_module_in_it(
    tmp_path: Path,
) -> None:
    """
    To the byte.
    """
    plain = zoo.load(NAME)
    compiled = torch.compile(plain, backend="eager")

    for name, model in (("plain", plain), ("compiled", compiled)):
        zoo.save(model, tmp_path / name)
        zoo.export(model, tmp_path / f"{name}-graph")

    for file in ("model.safetensors", "config.json"):
        assert (tmp_path / "plain" / file).read_bytes() == (
            tmp_path / "compiled" / file
        ).read_bytes()
    weights = [zoo.load(tmp_path / name).state_dict() for name in ("plain", "compiled")]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    graphs = [
        tmp_path / f"{name}-graph" / "model.onnx" for name in ("plain", "compiled")
    ]
    assert graphs[0].read_bytes() == graphs[1].read_bytes()
