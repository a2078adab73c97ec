"""From a model's output to a label for each pixel of a picture.

The model sees the whole picture stretched to its frame, so each place in its answer is
a place in the picture: the mask comes back at the picture's own size.
"""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.rows import spec_of

__all__ = ["predict", "probabilities", "results"]

MOST_LABELS = 256  # that the bytes of a mask can number
MOST_NUMBERS = 32_000_000  # probabilities of a picture that are in memory at a time


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the prediction for each picture of a batch; see `results`."""
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, items, spec_of(model).output)


def results(
    output: Tensor, items: Sequence[Any], output_spec: Any
) -> list[dict[str, Any]]:
    """Return masks of the pictures' own sizes; of prepared pixels, of the frame's.

    The pixels of a `mask` are numbers of the labels that are `known`. `scores` has for
    each label its mean probability over the pixels that have it. `shares` has the share
    of the picture that these pixels are.
    """
    chances = probabilities(output, output_spec).cpu()
    if chances.isnan().any():
        problem = (
            "The model's output holds NaN: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    return [
        _one(each, item, output_spec) for each, item in zip(chances, items, strict=True)
    ]


def probabilities(output: Tensor, output_spec: Any) -> Tensor:
    """Return the probability of each label, (batch, labels, height, width)."""
    single = output_spec.function_to_apply == "sigmoid"
    count = 1 if single else len(output_spec.labels)
    if output.ndim != 4 or output.shape[1] != count or count > MOST_LABELS:
        expected = f"one for each number of the model's output, {tuple(output.shape)}"
        raise SpecError("MaskOutput", "labels", output_spec.labels, expected)
    if not single:
        return output.float().softmax(dim=1)
    second = output.float().sigmoid()
    return torch.cat([1 - second, second], dim=1)


def _one(probability: Tensor, item: Any, output_spec: Any) -> dict[str, Any]:
    size = (probability.shape[2], probability.shape[1])
    if not isinstance(item, Tensor):
        size = item.size
        probability = _resized(probability, size)
    sure, number = probability.max(dim=0)
    scores, shares = {}, {}
    for place, label in enumerate(output_spec.labels):
        where = number == place
        shares[label] = where.double().mean().item()
        scores[label] = sure[where].mean().item() if where.any() else 0.0
    mask = _as_large(Image.fromarray(number.byte().numpy()), size)
    known = tuple(output_spec.labels)
    return {"mask": mask, "known": known, "scores": scores, "shares": shares}


def _resized(probability: Tensor, size: tuple[int, int]) -> Tensor:
    """Return probabilities for a picture of this width and height, stretched as it was,
    the other way; of a huge one for less than every pixel."""
    numbers = len(probability) * size[0] * size[1]
    less = min(1.0, (MOST_NUMBERS / numbers) ** 0.5)
    height, width = (max(1, round(less * side)) for side in reversed(size))
    if tuple(probability.shape[1:]) == (height, width):
        return probability
    return functional.interpolate(
        probability[None], size=(height, width), mode="bilinear", antialias=True
    )[0]


def _as_large(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    if mask.size == size:
        return mask
    return mask.resize(size, Image.Resampling.NEAREST)
