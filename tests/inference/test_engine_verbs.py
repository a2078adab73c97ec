"""onnxruntime for zoo.evaluate and zoo.features: the same figures, by the engine."""

from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor, nn

import zoo
from zoo.cli import main
from zoo.errors import BackendError, DeviceError
from zoo.inference.engine import EngineModule
from zoo.inference.feature_engine import feature_engine
from zoo.models.metadata import attach, model_metadata

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

ROWS = pd.DataFrame(
    {
        "a": [0, 0, 1, 1],
        "b": [0, 1, 0, 1],
        "output": ["false", "true", "true", "false"],
    }
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A cache of its own, in which graphs are kept from one test to the next."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def runs(kept: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each run of an engine had, in order."""
    monkeypatch.setenv("ZOO_CACHE", str(kept))
    counted: list[int] = []
    forward = EngineModule.forward

    def counting(self: EngineModule, batch: Tensor) -> Tensor:
        counted.append(len(batch))
        return forward(self, batch)

    monkeypatch.setattr(EngineModule, "forward", counting)
    return counted


def test_metrics_are_those_of_the_model(runs: list[int]) -> None:
    """
    And the engine computed them.
    """
    model = zoo.load("xor-mlp")
    plain = zoo.evaluate(model, ROWS, target="output")
    assert not runs
    found = zoo.evaluate(model, ROWS, target="output", backend="onnxruntime")

    assert found == plain
    assert runs[-1] == 4


def test_features_are_those_of_the_model(runs: list[int]) -> None:
    """
    To a hundred-thousandth, and of the weights as they are: a changed layer has other
    features at once.
    """
    model, seven = zoo.load("lenet5-mnist"), zoo.example("lenet5-mnist")
    plain = zoo.features(model, [seven] * 3, precision="no")
    found = zoo.features(model, [seven] * 3, backend="onnxruntime")
    assert runs[-1] == 3
    with torch.no_grad():
        next(model.parameters()).mul_(1.5)
    changed = zoo.features(model, seven, backend="onnxruntime")

    assert torch.allclose(found, plain, atol=1e-5)
    assert torch.allclose(
        changed, zoo.features(model, seven, precision="no"), atol=1e-5
    )
    assert not torch.allclose(changed, plain[:1], atol=1e-2)


def test_a_model_without_a_head_is_computed_as_it_is(runs: list[int]) -> None:
    """
    Its output is a vector already.
    """
    texts = ["a cup of tea", "a train"]
    model = zoo.load("word2vec-skipgram")
    plain = zoo.features(model, texts, precision="no")
    found = zoo.features(model, texts, backend="auto")

    assert torch.allclose(found, plain, atol=1e-5)


class Doubled(nn.Module):
    """A layer, a head, and what is done to the head's answer."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(2, 3), nn.Linear(3, 2)

    def forward(self, given: Tensor) -> Tensor:
        return self.head(self.body(given)) * torch.tensor([2.0, 1.0])


def test_a_head_that_is_not_the_last_is_told() -> None:
    """
    By "auto" the model computes its features itself.
    """
    model = attach(Doubled().eval(), model_metadata(zoo.load("xor-mlp")))
    batch = torch.rand(2, 2)
    object.__setattr__(model.zoo.spec, "head", "head")
    with pytest.raises(BackendError) as refused:
        feature_engine(model, "onnxruntime", batch)

    assert str(refused.value) == (
        "onnxruntime can't compute the features of 'xor-mlp': its head is not the last "
        "that it computes. Use backend='torch'."
    )
    assert feature_engine(model, "auto", batch) is None
    assert feature_engine(model, "torch", batch) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda **options: zoo.evaluate("xor-mlp", ROWS, target="output", **options),
        lambda **options: zoo.features("lenet5-mnist", [], **options),
    ],
)
def test_what_an_engine_does_not_do_is_refused(call: Any) -> None:
    """
    Before anything is computed.
    """
    with pytest.raises(BackendError) as unknown:
        call(backend="tensorrt")
    with pytest.raises(BackendError) as narrow:
        call(backend="onnxruntime", precision="bf16")

    assert str(unknown.value) == (
        "backend='tensorrt' is none of 'auto', 'torch' and 'onnxruntime'."
    )
    assert "onnxruntime computes in float32" in str(narrow.value)


def test_the_command_takes_a_backend(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], runs: list[int]
) -> None:
    """
    zoo evaluate --backend onnxruntime.
    """
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    words = ["evaluate", "xor-mlp", str(tmp_path / "rows.csv"), "--target", "output"]

    assert main([*words, "--backend", "onnxruntime"]) == 0
    assert "accuracy 1.0000" in capsys.readouterr().out
    assert runs


def test_words_and_texts_are_compared_where_one_says() -> None:
    """
    A device that there is not is refused; the CPU gives what it gave.
    """
    words = zoo.nearest_words("word2vec-skipgram", "coffee", n=1, device="cpu")
    texts = ["A black cat sleeps.", "The train was late."]
    near = zoo.nearest_texts("word2vec-skipgram", "my train", texts, n=1, device="cpu")

    assert words.most_similar[0].word == "tea"
    assert near.most_similar[0].text == texts[1]
    with pytest.raises(DeviceError):
        zoo.nearest_words("word2vec-skipgram", "coffee", device="cuda:7")
    with pytest.raises(DeviceError):
        zoo.nearest_texts("word2vec-skipgram", "my train", texts, device="meta")
