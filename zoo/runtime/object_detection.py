"""From a model's output to the objects in a picture.

A model gives as many boxes for each picture, (batch, boxes, 5 + labels): the ends
(xmin, ymin, xmax, ymax) as shares of the picture, the logit of an object being there,
and a logit for each label. A grid with anchors, a list of queries and the proposals of
a second stage can all be written so. The model sees the whole picture stretched to its
frame, so a share of the frame is the same share of the picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.boxes import areas, non_maximum_suppression
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.options import Rules, check, number
from zoo.runtime.rows import spec_of

__all__ = [
    "OPTIONS",
    "Found",
    "as_objects",
    "check_options",
    "find",
    "find_rows",
    "picture_size",
    "pixel_boxes",
    "predict",
    "refuse_nan",
    "results",
    "split",
]

OPTIONS = ("threshold", "overlap")
RULES: Rules = {
    "threshold": (lambda value: number(value, 0, 1), "a number from 0 to 1"),
    "overlap": (lambda value: number(value, 0, 1), "a number from 0 to 1"),
}
MOST_CANDIDATES = 1000  # of a picture, the surest ones, that are compared in pairs


@dataclass(frozen=True)
class Found:
    """The objects in a picture, the surest first: `boxes` (n, 4) as shares of it, the
    numbers of their `labels` (n,), and their `scores` (n,)."""

    boxes: Tensor
    labels: Tensor
    scores: Tensor


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any], **options: Any
) -> list[dict[str, Any]]:
    """Return the objects in each picture of a batch; see `results`.

    `threshold` is the lowest score of an object. Of two boxes of one label that overlap
    by more than `overlap`, their intersection over union, the surer one stays. Raises
    OptionError, InputError.
    """
    spec = spec_of(model)
    check_options(spec.name, options)
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, items, spec.output, **options)


def check_options(model: str, options: Mapping[str, Any]) -> None:
    """Raise an OptionError about the first option that can't be meant."""
    check(model, options, RULES)


def results(
    output: Tensor,
    items: Sequence[Any],
    output_spec: Any,
    *,
    threshold: float | None = None,
    overlap: float | None = None,
) -> list[dict[str, Any]]:
    """Return the objects of each picture in its own pixels, the surest first.

    Each of the `objects` has a `label`, a `score` and a `box`. `size` is the picture's
    width and height; of prepared pixels, the frame's.
    """
    found = find(output, output_spec, threshold=threshold, overlap=overlap)
    return [
        as_objects(each, item, output_spec)
        for each, item in zip(found, items, strict=True)
    ]


def find(
    output: Tensor,
    output_spec: Any,
    *,
    threshold: float | None = None,
    overlap: float | None = None,
) -> list[Found]:
    """Return the objects of each picture, as tensors.

    By default, `threshold` and `overlap` are those of the output.
    """
    return [found for found, _ in find_rows(output, output_spec, threshold, overlap)]


def find_rows(
    output: Tensor, output_spec: Any, threshold: float | None, overlap: float | None
) -> list[tuple[Found, Tensor]]:
    """Return the objects of each picture, and which rows of its output they are."""
    least = output_spec.threshold if threshold is None else threshold
    most = output_spec.overlap if overlap is None else overlap
    boxes, chances = split(output, output_spec)
    scores, labels = chances.max(dim=2)
    return [
        _kept(*each, least, most, output_spec.max_objects)
        for each in zip(boxes, labels, scores, strict=True)
    ]


def split(output: Tensor, output_spec: Any) -> tuple[Tensor, Tensor]:
    """Return the boxes of an output inside their pictures, (batch, boxes, 4), and the
    chance of each label to be there, (batch, boxes, labels):

    P(label, object) = P(object) P(label | object)
    """
    if output.ndim != 3 or output.shape[2] != 5 + len(output_spec.labels):
        expected = f"five less than the model's output has, {tuple(output.shape)}"
        raise SpecError("BoxOutput", "labels", output_spec.labels, expected)
    refuse_nan(output)
    numbers = output.float().cpu()
    logits = numbers[..., 5:]
    single = output_spec.function_to_apply == "sigmoid"
    each = logits.sigmoid() if single else logits.softmax(dim=-1)
    return numbers[..., :4].clamp(0, 1), numbers[..., 4:5].sigmoid() * each


def refuse_nan(output: Tensor) -> None:
    """Raise InputError where an output holds what is no number."""
    if output.isnan().any():
        problem = (
            "The model's output holds NaN: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")


def _kept(
    boxes: Tensor,
    labels: Tensor,
    scores: Tensor,
    threshold: float,
    overlap: float,
    most: int,
) -> tuple[Found, Tensor]:
    sure = ((scores >= threshold) & (areas(boxes) > 0)).nonzero()[:, 0]
    best = scores[sure].argsort(descending=True, stable=True)[:MOST_CANDIDATES]
    sure = sure[best]
    boxes, labels, scores = boxes[sure], labels[sure], scores[sure]
    stay = non_maximum_suppression(boxes, scores, labels, overlap)[:most]
    return Found(boxes[stay], labels[stay], scores[stay]), sure[stay]


def as_objects(found: Found, item: Any, output_spec: Any) -> dict[str, Any]:
    """Return what was found in a picture as `results` has it."""
    size = picture_size(item)
    objects = [
        {"label": output_spec.labels[number], "score": score, "box": box}
        for box, number, score in zip(
            pixel_boxes(found.boxes, size),
            found.labels.tolist(),
            found.scores.tolist(),
            strict=True,
        )
    ]
    return {"objects": objects, "size": size}


def picture_size(item: Any) -> tuple[int, int]:
    """Return the width and height of a picture, or of prepared pixels."""
    if isinstance(item, Tensor):
        return item.shape[-1], item.shape[-2]
    width, height = item.size
    return width, height


def pixel_boxes(boxes: Tensor, size: Sequence[int]) -> list[dict[str, int]]:
    """Return boxes (n, 4), shares of a picture, in its whole pixels."""
    ends = boxes * torch.tensor([*size, *size])
    return [_pixels(box, size) for box in ends.tolist()]


def _pixels(box: Sequence[float], size: Sequence[int]) -> dict[str, int]:
    """Return a box in whole pixels: no less than one, wherever it lies."""
    ends: dict[str, int] = {}
    for axis, name in enumerate("xy"):
        low = min(round(box[axis]), size[axis] - 1)
        ends[f"{name}min"] = low
        ends[f"{name}max"] = max(low + 1, round(box[axis + 2]))
    return {name: ends[name] for name in ("xmin", "ymin", "xmax", "ymax")}
