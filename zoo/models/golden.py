"""The golden: a real input and its expected output, stored beside the weights.

A sample of each layer's output is stored too, so that a mismatch can be traced to the
first layer that differs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from zoo.errors import CheckpointError
from zoo.models import safetensors_io
from zoo.runtime.eval_mode import eval_mode

__all__ = ["Replay", "make_golden", "replay"]

MAX_TOLERANCE = 1e-4  # between two machines that compute in float32
LAYER_SAMPLE = 16  # numbers kept of each layer's output
AGAIN = "Save the checkpoint again, or get another copy of the folder."
INPUT, OUTPUT, LAYER, TOLERANCE = "input", "output", "layer.", "tolerance"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """The result of a replay: `first` is the name of the first layer that differs."""

    matches: bool
    difference: float  # the largest of the output
    tolerance: float
    expected: Tensor
    output: Tensor
    first: str | None


def make_golden(
    model: nn.Module, inputs: Tensor, path: Path, *, tolerance: float = MAX_TOLERANCE
) -> None:
    """Write the outputs of `model` for `inputs`, in eval mode, layer by layer."""
    output, layers = _run(model, inputs)
    golden = {
        INPUT: inputs,
        OUTPUT: output,
        TOLERANCE: torch.tensor(tolerance, dtype=torch.float64),
    }
    golden |= {LAYER + name: sample for name, sample in layers.items()}
    safetensors_io.write(
        {name: tensor.clone() for name, tensor in golden.items()}, path
    )


def replay(model: nn.Module, path: Path) -> Replay:
    """Run the golden's input through `model`, and compare the output.

    A golden may be stricter than the zoo, and not more lenient: its file is not pinned.
    Raises CheckpointError where the file is none.
    """
    golden = _golden(path)
    tolerance = min(golden[TOLERANCE].item(), MAX_TOLERANCE)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    try:
        output, layers = _run(model, golden[INPUT].clone().to(device))
    except (RuntimeError, LookupError, ValueError, TypeError) as exc:
        fault = str(exc).partition("\n")[0].rstrip(".")
        raise CheckpointError(
            f"{path} is not a golden of this model: it can't compute the input "
            f"({fault}). {AGAIN}"
        ) from exc
    expected = golden[OUTPUT]
    first = None
    for name, sample in layers.items():
        golden_sample = golden.get(LAYER + name)
        if golden_sample is None or _difference(sample, golden_sample) > tolerance:
            first = name
            break
    difference = _difference(output, expected)
    return Replay(
        matches=difference <= tolerance,
        difference=difference,
        tolerance=tolerance,
        expected=expected,
        output=output,
        first=first,
    )


def _golden(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a golden: an input, an output, a tolerance, samples."""
    golden = safetensors_io.tensors(path)
    for name in (INPUT, OUTPUT, TOLERANCE):
        if name not in golden:
            raise CheckpointError(f"{path} is not a golden: it has no {name!r}.")
    for name, tensor in golden.items():
        if tensor.is_complex():
            raise CheckpointError(
                f"{path} is not a golden: {name!r} is complex. {AGAIN}"
            )
    limit = golden[TOLERANCE]
    if limit.numel() != 1 or not limit.is_floating_point():
        raise CheckpointError(
            f"{path} is not a golden: {TOLERANCE!r} should be a number. {AGAIN}"
        )
    return golden


def _difference(actual: Tensor, expected: Tensor) -> float:
    if actual.shape != expected.shape:
        return float("inf")
    if not actual.numel():
        return 0.0
    gap = (actual.double() - expected.double()).abs().max().item()
    return gap if gap == gap else float("inf")  # NaN differs from everything


@torch.inference_mode()
def _run(model: nn.Module, inputs: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    layers: dict[str, Tensor] = {}
    with eval_mode(model), _recorded_layers(model, layers):
        output: Tensor = model(inputs)
    return output.cpu(), layers


@contextmanager
def _recorded_layers(model: nn.Module, layers: dict[str, Tensor]) -> Iterator[None]:
    """Collect a sample of every leaf's output, in the order the data flows."""

    def keep(name: str, output: object) -> None:
        if isinstance(output, Tensor) and name not in layers:
            flat = output.detach().flatten()
            step = max(1, flat.numel() // LAYER_SAMPLE)
            layers[name] = flat[::step][:LAYER_SAMPLE].float().cpu().clone()

    leaves = [(n, m) for n, m in model.named_modules() if not any(m.children())]
    handles = [
        leaf.register_forward_hook(lambda _m, _i, output, name=name: keep(name, output))
        for name, leaf in leaves
        if name
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
