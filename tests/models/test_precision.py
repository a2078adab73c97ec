"""Mixed precision: where it is chosen, and what stays float32."""

import copy
from collections import namedtuple
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from zoo._utils import hardware
from zoo.errors import PrecisionError
from zoo.models import precision
from zoo.models.precision import (
    Autocast,
    computes_in_bfloat16,
    resolve_precision,
    without_autocast,
)

CPUINFO = {
    "x86": "model name\t: AMD EPYC\nflags\t\t: fpu avx2 avx512_bf16\n",
    "Arm": "processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n",
}


@pytest.mark.parametrize("kind", CPUINFO)
def test_a_processor_with_bfloat16_is_known_by_its_instructions(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardware.cpu_features.cache_clear()
    monkeypatch.setattr(hardware, "_cpuinfo", CPUINFO[kind].splitlines)
    monkeypatch.setattr(precision, "cpu_features", hardware.cpu_features)
    try:
        assert computes_in_bfloat16("cpu")
    finally:
        hardware.cpu_features.cache_clear()


def test_a_processor_without_bfloat16_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "cpu_features", lambda: frozenset({"avx512f"}))

    assert not computes_in_bfloat16("cpu")
    assert resolve_precision("auto", "cpu") == "no"
    assert resolve_precision("bf16", "cpu") == "bf16"


def test_auto_is_bfloat16_only_where_that_is_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "cpu_features", lambda: frozenset({"amx_bf16"}))

    assert resolve_precision("auto", "cpu") == "bf16"
    assert resolve_precision("auto", "cpu", proven=False) == "no"
    assert resolve_precision("auto", "meta") == "no"


def test_what_can_not_be_computed_is_refused() -> None:
    with pytest.raises(PrecisionError) as word:
        resolve_precision("half", "cpu")  # type: ignore[arg-type]
    with pytest.raises(PrecisionError) as device:
        resolve_precision("fp16", "cpu")

    assert str(word.value) == (
        "precision='half' is none of 'auto', 'no', 'bf16' and 'fp16'."
    )
    assert str(device.value) == (
        "precision='fp16' needs a GPU, and this runs on the CPU. Use 'bf16', or "
        "'auto', which takes it where the processor computes in it."
    )


Pair = namedtuple("Pair", "first second")


class Watched(nn.Module):
    """A layer that remembers in what it computed, and can answer in many forms."""

    def __init__(self, answer: Any = lambda output: output) -> None:
        super().__init__()
        self.fc, self.answer = nn.Linear(4, 2), answer
        self.dtypes: list[torch.dtype] = []

    def forward(self, input: Tensor) -> Any:
        output = self.fc(input)
        self.dtypes.append(output.dtype)
        return self.answer(output)


def test_only_a_model_in_training_computes_in_bfloat16() -> None:
    """
    Weights, gradients, outputs, and evaluation stay float32.
    """
    autocast, bare = Autocast("bf16"), Watched()
    model, given = autocast.apply(copy.deepcopy(bare)), torch.randn(3, 4)

    evaluated = model.eval()(given)
    assert not autocast.used
    trained = model.train()(given)
    trained.sum().backward()

    assert model.dtypes == [torch.float32, torch.bfloat16]
    assert torch.equal(evaluated, bare(given))
    assert trained.dtype == model.fc.weight.grad.dtype == torch.float32  # type: ignore
    assert autocast.used


def test_a_copy_of_a_model_computes_with_its_own_weights() -> None:
    """
    So does the moving average of a model that was prepared before.
    """
    autocast = Autocast("bf16")
    model = autocast.apply(Watched())
    twin = copy.deepcopy(model)
    nn.init.zeros_(twin.fc.weight)
    nn.init.zeros_(twin.fc.bias)

    assert not twin(torch.ones(1, 4)).any()
    assert model(torch.ones(1, 4)).any()
    assert autocast.used


ANSWERS = {
    "tuple": lambda output: (output, 3),
    "list": lambda output: [output, 3],
    "dict": lambda output: {"a": output, "b": 3},
    "named": lambda output: Pair(output, 3),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_outputs_in_any_container_are_float32(kind: str) -> None:
    answer = Autocast("bf16").apply(Watched(ANSWERS[kind]))(torch.randn(1, 4))

    assert type(answer) is type(ANSWERS[kind](torch.zeros(1)))
    first, second = answer.values() if kind == "dict" else answer
    assert (first.dtype, second) == (torch.float32, 3)


def test_a_trained_model_is_rid_of_its_wrapper() -> None:
    model = without_autocast(Autocast("bf16").apply(Watched()))

    assert {"forward", "_zoo_autocast"}.isdisjoint(vars(model))
    model(torch.randn(1, 4))
    assert model.dtypes == [torch.float32]
