"""From a model's output to the objects in a picture, each with its mask.

A model gives as many boxes for each picture as in `zoo.runtime.object_detection`, and
after those numbers the logits of a mask: at each of side x side places of the box, row
by row, whether the object is there. He, Gkioxari, Dollar, Girshick: Mask R-CNN, 2017.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import SpecError
from zoo.runtime.object_detection import (
    Found,
    as_objects,
    check_options,
    find_rows,
    refuse_nan,
)
from zoo.runtime.rows import spec_of

__all__ = ["FoundInstances", "find", "mask_in_box", "predict", "results"]


@dataclass(frozen=True)
class FoundInstances(Found):
    """The objects in a picture, as in `Found`, and the chance of each to be at the
    places of its box: `masks` (n, side, side)."""

    masks: Tensor


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any], **options: Any
) -> list[dict[str, Any]]:
    """Return the objects in each picture of a batch; see `results`.

    The options are those of `zoo.runtime.object_detection.predict`. Raises OptionError,
    InputError.
    """
    spec = spec_of(model)
    check_options(spec.name, options)
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, items, spec.output, **options)


def results(
    output: Tensor,
    items: Sequence[Any],
    output_spec: Any,
    *,
    threshold: float | None = None,
    overlap: float | None = None,
) -> list[dict[str, Any]]:
    """Return the objects of each picture in its own pixels, the surest first.

    Each of the `objects` has a `label`, a `score`, a `box`, and a `mask`, a picture as
    large as the box, white where the object is. `size` is the picture's width and
    height; of prepared pixels, the frame's.
    """
    found = find(output, output_spec, threshold=threshold, overlap=overlap)
    return [
        _one(each, item, output_spec) for each, item in zip(found, items, strict=True)
    ]


def find(
    output: Tensor,
    output_spec: Any,
    *,
    threshold: float | None = None,
    overlap: float | None = None,
) -> list[FoundInstances]:
    """Return the objects of each picture, as tensors.

    By default, `threshold` and `overlap` are those of the output.
    """
    side, numbers = output_spec.mask_size, 5 + len(output_spec.labels)
    if output.ndim != 3 or output.shape[2] != numbers + side**2:
        expected = f"such that its square and {numbers} are what the model's output "
        expected += f"has, {tuple(output.shape)}"
        raise SpecError("InstanceOutput", "mask_size", side, expected)
    refuse_nan(output)
    boxes, masks = output[..., :numbers], output[..., numbers:]
    return [
        FoundInstances(
            one.boxes,
            one.labels,
            one.scores,
            logits[rows.to(logits.device)].float().cpu().sigmoid().view(-1, side, side),
        )
        for (one, rows), logits in zip(
            find_rows(boxes, output_spec, threshold, overlap), masks, strict=True
        )
    ]


def mask_in_box(mask: Tensor, ends: Tensor, box: Mapping[str, int]) -> Tensor:
    """Return which of the whole pixels of a box show its object, (height, width).

    `ends` (4,) are of the same box, in parts of pixels: there lie the mask's chances,
    (side, side). Between its places they are interpolated, and one half is enough.
    """
    low, size = ends[:2], (ends[2:] - ends[:2]).clamp_min(1e-6)
    y, x = torch.meshgrid(
        torch.arange(box["ymin"], box["ymax"]),
        torch.arange(box["xmin"], box["xmax"]),
        indexing="ij",
    )
    centers = torch.stack([x, y], dim=-1) + 0.5
    grid = 2 * (centers - low) / size - 1  # from -1 to 1 across the box
    chances = grid_sample(
        mask[None, None], grid[None], padding_mode="border", align_corners=False
    )
    return chances[0, 0] >= 0.5


def _one(found: FoundInstances, item: Any, output_spec: Any) -> dict[str, Any]:
    known = as_objects(found, item, output_spec)
    ends = found.boxes * torch.tensor([*known["size"]] * 2)
    for one, mask, place in zip(known["objects"], found.masks, ends, strict=True):
        inside = mask_in_box(mask, place, one["box"])
        one["mask"] = Image.fromarray(255 * inside.byte().numpy())
    return known
