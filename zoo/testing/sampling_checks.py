"""What every model promises that draws samples, or codes and decodes.

A check of a verb that a model does not have returns at once; see `zoo.testing`.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.in_memory import synthetic_rows, to_model_input
from zoo.inference import sample
from zoo.models import loading, saving
from zoo.specs import ModelSpec
from zoo.testing.remark import Remark, not_applicable

__all__ = ["codes_do_not_mix", "samples_follow_the_seed"]


def samples_follow_the_seed(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """What a model draws is finite, the same by seed and after a reload, and varies."""
    model = loading.build(spec.name).eval()
    if not sample.supports(model, "sample"):
        return not_applicable("it draws nothing")
    again = loading.load(saving.save(model, tmp_path / "model"))
    first = sample.sample_outputs(model, 4, seed=0)
    assert first.isfinite().all(), "a sample holds NaN or infinity"
    assert torch.allclose(first, sample.sample_outputs(again, 4, seed=0), atol=1e-6)
    assert not torch.equal(first, sample.sample_outputs(model, 4, seed=1)), (
        "all seeds are one"
    )
    if not spec.input.missing_files:  # without which no token can be read
        assert [str(one) for one in sample.sample(model, 2, seed=0)]
    return None


def codes_do_not_mix(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """A row's code, and what is decoded from it, do not depend on the rows beside."""
    model = loading.build(spec.name).eval()
    if not sample.supports(model, "reconstruct"):
        return not_applicable("it has no codes to decode")
    given = _given(spec)
    together = _by_code(model, given)
    assert together.shape == _forward(model, given).shape, "decode gives another shape"
    assert torch.allclose(together[:1], _by_code(model, given[:1]), atol=1e-5)
    return None


def _given(spec: ModelSpec, rows: int = 3) -> Tensor:
    given = synthetic_rows(spec.input, spec.output, rows, spec.name).input
    return to_model_input(given, spec.input)


@torch.inference_mode()
def _by_code(model: nn.Module, given: Tensor) -> Tensor:
    """Return what a model makes of prepared inputs by way of their codes."""
    made: Any = model
    output: Tensor = made.decode(made.encode(given))
    return output


@torch.inference_mode()
def _forward(model: nn.Module, given: Tensor) -> Tensor:
    output: Tensor = model(given)
    return output
