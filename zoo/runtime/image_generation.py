"""From a model's numbers to pictures: of what it is given, or drawn from nothing."""

from collections.abc import Sequence
from typing import Any

from PIL import Image
from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.rows import spec_of
from zoo.runtime.sampling import draw, seeded

__all__ = ["pixels", "predict", "results", "sample"]

SIZED_BY_INPUT = ("scaled-image", "colorized-image")  # kinds of output


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return what a model makes of each row of a batch; see `results`."""
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, spec_of(model).output)


def sample(
    model: nn.Module, count: int, *, seed: int | None = None
) -> list[dict[str, Any]]:
    """Return what a model draws; the same seed and count give the same."""
    return results(draw(model, count, seeded(seed)), spec_of(model).output)


def results(output: Tensor, output_spec: Any) -> list[dict[str, Any]]:
    """Return a picture for each row of a model's output."""
    made = pixels(output, output_spec).mul(255).round().byte().permute(0, 2, 3, 1)
    return [{"image": Image.fromarray(one.squeeze(2).cpu().numpy())} for one in made]


def pixels(output: Tensor, output_spec: Any) -> Tensor:
    """Return a model's output as pixels in 0..1, (batch, channels, height, width)."""
    scaled = output_spec.kind in SIZED_BY_INPUT
    size = output.shape[2:] if scaled else (output_spec.height, output_spec.width)
    colorized = output_spec.kind == "colorized-image"  # which always has three
    shape = (3 if colorized else output_spec.channels, *size)
    if output.ndim != 4 or tuple(output.shape[1:]) != shape:
        expected = f"that of the model's output, {tuple(output.shape)}"
        raise SpecError(type(output_spec).__name__, "shape", shape, expected)
    output = output.float()
    if not output.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    if not scaled and output_spec.function_to_apply == "sigmoid":
        output = output.sigmoid()
    low, high = output_spec.low, output_spec.high
    light: Tensor = (output - low) / (high - low)
    return light.clamp(0, 1)
