"""Predictions, features and metrics in bfloat16: near those in float32."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import zoo
from zoo.cli import main
from zoo.errors import PrecisionError
from zoo.inference.features import features


@pytest.fixture(scope="module")
def lenet() -> nn.Module:
    return zoo.load("lenet5-mnist")


@pytest.fixture
def digits() -> list[Any]:
    return [zoo.example("lenet5-mnist")] * 20


@pytest.mark.parametrize("count", [1, 20])  # alone, and in a batch with a copy
def test_scores_in_bfloat16_are_near_those_in_float32(
    lenet: nn.Module, digits: list[Any], count: int
) -> None:
    exact = zoo.predict(lenet, digits[:count])
    rounded = zoo.predict(lenet, digits[:count], precision="bf16")

    assert [one.label for one in rounded] == [one.label for one in exact]
    for one, other in zip(rounded, exact, strict=True):
        assert one.score == pytest.approx(other.score, abs=0.02)


def test_a_model_is_left_as_it_was(lenet: nn.Module, digits: list[Any]) -> None:
    """
    A prediction in bfloat16 leaves nothing behind: the next one is in float32 again.
    """
    before, names = zoo.predict(lenet, digits[0]).to_dict(), set(vars(lenet))
    zoo.predict(lenet, digits[0], precision="bf16")

    assert zoo.predict(lenet, digits[0]).to_dict() == before
    assert set(vars(lenet)) == names


def test_features_in_bfloat16_are_kept_in_float32(
    lenet: nn.Module, digits: list[Any]
) -> None:
    exact = features(lenet, digits[:2], precision="no")
    rounded = features(lenet, digits[:2], precision="bf16")

    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    assert torch.allclose(
        rounded, exact, rtol=0.02, atol=0.02 * float(exact.abs().max())
    )


def test_features_are_rounded_only_where_the_hardware_computes_so(
    lenet: nn.Module, digits: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    By default the processor decides.
    """

    def of(*names: str) -> torch.Tensor:
        monkeypatch.setattr("zoo.models.precision.cpu_features", lambda: set(names))
        return features(lenet, digits[:2])

    assert torch.equal(of("avx512f"), features(lenet, digits[:2], precision="no"))
    assert torch.equal(of("avx512_bf16"), features(lenet, digits[:2], precision="bf16"))


def test_metrics_in_bfloat16_are_near_those_in_float32() -> None:
    exact = zoo.evaluate(zoo.load("mlp-breast-cancer"), "breast-cancer")
    rounded = zoo.evaluate(
        zoo.load("mlp-breast-cancer"), "breast-cancer", precision="bf16"
    )

    for name, value in exact.items():
        assert rounded[name] == pytest.approx(value, abs=0.03)


REFUSED: dict[str, tuple[Callable[[nn.Module], Any], str]] = {
    "compiled": (
        lambda model: zoo.predict(
            torch.compile(copy.deepcopy(model)),
            zoo.example("lenet5-mnist"),
            precision="bf16",
        ),
        "precision='bf16' is not for a model that was compiled or distributed. Give "
        "the model itself, or precision='no'.",
    ),
    "samples": (
        lambda _: zoo.predict("dcgan-mnist", None, precision="bf16"),
        "precision='bf16' is for predictions: samples are drawn in float32. Leave "
        "precision out.",
    ),
    "word": (
        lambda model: zoo.predict(model, zoo.example("lenet5-mnist"), precision="half"),
        "precision='half' is none of 'auto', 'no', 'bf16' and 'fp16'.",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_precision_without_effect_is_refused(kind: str, lenet: nn.Module) -> None:
    attempt, message = REFUSED[kind]
    with pytest.raises(PrecisionError) as refused:
        attempt(lenet)

    assert str(refused.value) == message


def test_what_forward_does_not_compute_is_refused(lenet: nn.Module) -> None:
    from zoo.models.precision import at_precision, check_used

    view = at_precision(lenet, "bf16")
    with pytest.raises(PrecisionError) as refused:
        check_used(view, "bf16")

    assert str(refused.value) == (
        "precision='bf16' has no effect on this model: what was asked of it does not "
        "go through its forward. Leave precision out."
    )
    check_used(view, "auto")
    check_used(lenet, "bf16")


def test_the_command_takes_a_precision(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["predict", "lenet5-mnist", "--example", "--json"]
    answers = [
        (main([*command, *words]), capsys.readouterr().out)
        for words in ([], ["--precision", "bf16"])
    ]

    assert [status for status, _ in answers] == [0, 0]
    assert answers[0][1] != answers[1][1]


def test_costs_are_recorded_in_float32_only(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["benchmark", "xor-mlp", "--record", "--precision", "bf16"])

    assert status == 2
    assert (
        "--record keeps costs of torch in float32: drop --precision and --backend."
        in " ".join(capsys.readouterr().err.split())
    )
