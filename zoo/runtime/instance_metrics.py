"""Metrics of instance segmentation: how well the masks of objects are found.

As in `zoo.runtime.box_metrics`, with the overlap of two masks in place of that of two
boxes:

    intersection over union = pixels of both / pixels of either.

The true objects of a picture are a map in the model's frame, (2, H, W): which object
each pixel belongs to, from 1, or 0 for the ground; and the number of its label.
"""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.box_metrics import LEAST_SCORE, matched, ranked_precision
from zoo.runtime.instance_segmentation import FoundInstances, find, mask_in_box
from zoo.runtime.object_detection import pixel_boxes
from zoo.runtime.rows import predict_batches, spec_of

__all__ = ["evaluate", "hits", "mask_overlaps", "metrics"]


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; see `metrics`."""
    return metrics(predict_batches(model, rows), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return `map_50` and `map`, of masks, and `f1_50`, the F1 of what is found at the
    default threshold; `target` is (B, 2, H, W).

        F1 = 2 right / (found + true)
    """
    found = find(output, output_spec, threshold=LEAST_SCORE)
    each = [mask_overlaps(*pair) for pair in zip(found, target, strict=True)]
    labels = [_true_labels(one) for one in target]
    precision = []
    for label in range(len(output_spec.labels)):
        ours = [one.labels == label for one in found]
        scores = [one.scores[own] for one, own in zip(found, ours, strict=True)]
        overlaps = [
            overlap[own][:, true == label]
            for overlap, own, true in zip(each, ours, labels, strict=True)
        ]
        precision.append(ranked_precision(scores, overlaps))
    known = [one for one in precision if not one.isnan().any()]
    right = sure = there = 0
    for one, overlap, true in zip(found, each, labels, strict=True):
        own = one.scores >= output_spec.threshold
        good, _ = matched(_of_one_label(overlap, one.labels, true)[own])
        right, sure, there = (
            right + int(good.sum()),
            sure + len(good),
            there + len(true),
        )
    return {
        "map_50": torch.stack(known)[:, 0].mean().item() if known else 0.0,
        "map": torch.stack(known).mean().item() if known else 0.0,
        "f1_50": 2 * right / max(1, sure + there),
    }


def mask_overlaps(found: FoundInstances, true: Tensor) -> Tensor:
    """Return the intersection over union of each found mask with each true object,
    (found, true); `true` is (2, H, W)."""
    numbers = true[0].long().cpu()
    count = len(_true_labels(true))
    sizes = torch.bincount(numbers.flatten(), minlength=count + 1)[1:]
    overlaps = torch.zeros(len(found.scores), count, dtype=torch.float64)
    size = numbers.shape[1], numbers.shape[0]
    boxes = pixel_boxes(found.boxes, size)
    ends = found.boxes * torch.tensor([*size, *size])
    places = zip(found.masks, ends, boxes, strict=True)
    for row, (mask, place, box) in enumerate(places):
        inside = mask_in_box(mask, place, box)
        seen = numbers[box["ymin"] : box["ymax"], box["xmin"] : box["xmax"]]
        shared = torch.bincount(seen[inside], minlength=count + 1)[1:]
        overlaps[row] = shared / (inside.sum() + sizes - shared).clamp_min(1)
    return overlaps


def hits(found: FoundInstances, true: Tensor) -> tuple[Tensor, Tensor]:
    """Return which found objects are right, (found,), and which true ones are found,
    (true,): of one label and with an overlap of a half, the surest first."""
    overlaps = mask_overlaps(found, true)
    return matched(_of_one_label(overlaps, found.labels, _true_labels(true)))


def _of_one_label(overlaps: Tensor, found: Tensor, true: Tensor) -> Tensor:
    return overlaps * (found[:, None] == true)


def _true_labels(true: Tensor) -> Tensor:
    """Return the number of the label of each object of a map (2, H, W), (true,)."""
    numbers, labels = true.long().cpu().flatten(1)
    found = torch.zeros(int(numbers.max()) + 1, dtype=torch.long)
    return found.scatter(0, numbers, labels)[1:]
