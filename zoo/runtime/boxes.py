"""Boxes in pictures: what two of them share, which of several stay, and as tensors.

A box is (xmin, ymin, xmax, ymax), as shares of its picture's width and height or in any
other unit; the last axis of a tensor of boxes has these four. Targets of pictures,
(pictures, most, 5), have the label number of each box before it, counted from 0, and
-1 where a picture has fewer boxes than another.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.runtime import DataError

__all__ = [
    "NO_BOX",
    "areas",
    "encode_boxes",
    "iou",
    "move_boxes",
    "non_maximum_suppression",
]

NO_BOX = -1.0  # the label of a row that only fills up
MIN_VISIBLE = 0.4  # of a box's area; one that is cut off further is left out


def areas(boxes: Tensor) -> Tensor:
    """Return the area of each box, (...,); 0 of one whose ends are the wrong way."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp_min(0).prod(dim=-1)


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Return the intersection over union of boxes (..., N, 4) and (..., M, 4), as
    (..., N, M): 1 for the same box, 0 for two that share nothing."""
    low = torch.maximum(first[..., :, None, :2], second[..., None, :, :2])
    high = torch.minimum(first[..., :, None, 2:], second[..., None, :, 2:])
    shared = (high - low).clamp_min(0).prod(dim=-1)
    either = areas(first)[..., :, None] + areas(second)[..., None, :] - shared
    return shared / either.clamp_min(torch.finfo(either.dtype).tiny)


def non_maximum_suppression(
    boxes: Tensor, scores: Tensor, labels: Tensor, overlap: float
) -> Tensor:
    """Return the numbers of the boxes that stay, the surest first.

    A box goes where a surer one of its label overlaps it by more than `overlap`.
    """
    order = scores.argsort(descending=True, stable=True)
    rivals = iou(boxes[order], boxes[order]) > overlap
    rivals &= labels[order][:, None] == labels[order]
    stays = torch.ones(len(order), dtype=torch.bool)
    for place in range(len(order)):
        if stays[place]:
            stays[place + 1 :] &= ~rivals[place, place + 1 :]
    return order[stays]


def move_boxes(target: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return targets (B, M, 5), boxes in shares, moved as their pictures are: a place
    z, from -1 to 1, goes to scale * z + shift, (B, 2) each, in x and y.

    A box is cut off at the border; one that is cut off too far is left out.
    """
    ends = 2 * target[..., 1:].unflatten(2, (2, 2)) - 1  # (B, M, 2 ends, x and y)
    moved = (scale[:, None, None] * ends + shift[:, None, None] + 1) / 2
    low, high = moved.amin(dim=2), moved.amax(dim=2)
    whole = torch.cat([low, high], dim=2)
    seen = whole.clamp(0, 1)
    kept = areas(seen) > MIN_VISIBLE * areas(whole)
    kept &= target[..., 0] != NO_BOX
    label = target[..., :1].masked_fill(~kept[..., None], NO_BOX)
    return torch.cat([label, seen * kept[..., None]], dim=2)


def encode_boxes(
    boxes: Sequence[Any],
    labels: Sequence[Any],
    sizes: Sequence[tuple[int, int]],
    names: Sequence[str],
    *,
    num_labels: int,
) -> Tensor:
    """Return the boxes of pictures as targets, (pictures, most, 5), in shares.

    `boxes` has those of each picture, in pixels; `sizes` are the widths and heights of
    the pictures, and `names` what an error calls them. Raises DataError.
    """
    most = max((len(each) for each in boxes), default=0)
    target = torch.zeros(len(boxes), max(1, most), 5)
    target[..., 0] = NO_BOX
    for row, (ends, numbers, size, name) in enumerate(
        zip(boxes, labels, sizes, names, strict=True)
    ):
        if len(ends) != len(numbers):
            counts = f"{len(ends)} boxes and {len(numbers)} labels"
            raise DataError(f"{name} has {counts}.")
        for place, (box, label) in enumerate(zip(ends, numbers, strict=True)):
            _check(box, label, size, name, num_labels)
            target[row, place, 0] = int(label)
            target[row, place, 1:] = torch.tensor(
                [float(end) / size[axis % 2] for axis, end in enumerate(box)]
            )
    return target


def _check(
    box: Any, label: Any, size: tuple[int, int], name: str, num_labels: int
) -> None:
    """Refuse a box without an area, one outside its picture, and an unknown label."""
    ends = [float(end) for end in box]
    shown = f"[{', '.join(f'{end:g}' for end in ends)}]"
    if len(ends) != 4:
        expected = "(xmin, ymin, xmax, ymax)"
        raise DataError(f"{name}: the box {shown} should be {expected}.")
    xmin, ymin, xmax, ymax = ends
    if not (xmin < xmax and ymin < ymax):  # NaN is in no order
        raise DataError(
            f"{name}: the box {shown} has no area; xmin should be below xmax, and ymin "
            "below ymax."
        )
    width, height = size
    if xmin < 0 or ymin < 0 or xmax > width or ymax > height:
        raise DataError(
            f"{name}: the box {shown} is not inside its picture, which is "
            f"{width}x{height}."
        )
    if not 0 <= int(label) < num_labels:
        raise DataError(
            f"{name}: the label {int(label)} is out of range; the model has "
            f"{num_labels} labels, 0 to {num_labels - 1}."
        )
