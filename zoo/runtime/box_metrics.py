"""Metrics of object detection: mean average precision, as COCO defines it.

A found object is right if it overlaps a true one of its label, by an intersection over
union of at least a threshold, and no surer one has taken that already. With the found
objects of all pictures in order of their scores,

    precision = right / found,    recall = right / true objects,

and the average precision (AP) of a label is the mean, over the recalls 0, 0.01 .. 1, of
the best precision at that recall or a higher one. Lin et al., "Microsoft COCO: common
objects in context", 2014; the numbers are those of pycocotools.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.boxes import iou
from zoo.runtime.object_detection import Found, find
from zoo.runtime.rows import predict_batches, spec_of

__all__ = [
    "LEAST_SCORE",
    "average_precision",
    "evaluate",
    "hits",
    "matched",
    "metrics",
    "precisions",
    "ranked_precision",
]

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))  # .5 to .95
LEAST_SCORE = 0.01  # what is less sure adds nothing to any precision worth having
RECALLS = torch.linspace(0, 1, 101, dtype=torch.float64)


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; see `metrics`."""
    return metrics(predict_batches(model, rows), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return `map_50`, the mean over labels of the AP at an overlap of a half, and
    `map`, the mean of those at .5, .55 .. .95; `target` is as in `zoo.runtime.boxes`.
    """
    found = find(output, output_spec, threshold=LEAST_SCORE)
    each = precisions(found, target, len(output_spec.labels))  # (labels, thresholds)
    known = each[~each.isnan().any(dim=1)]
    if not len(known):  # there is nothing to find
        return {"map_50": 0.0, "map": 0.0}
    return {"map_50": known[:, 0].mean().item(), "map": known.mean().item()}


def precisions(
    found: Sequence[Found],
    target: Tensor,
    num_labels: int,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Tensor:
    """Return the average precision of each label, (labels, thresholds); NaN of a label
    that no picture has."""
    return torch.stack(
        [_of_label(found, target, label, thresholds) for label in range(num_labels)]
    )


def _of_label(
    found: Sequence[Found], target: Tensor, label: int, thresholds: Sequence[float]
) -> Tensor:
    scores, overlaps = [], []
    for each, true in zip(found, target, strict=True):
        ours = each.labels == label
        theirs = true[true[:, 0] == label][:, 1:].double()
        scores.append(each.scores[ours])
        overlaps.append(iou(each.boxes[ours].double(), theirs))
    return ranked_precision(scores, overlaps, thresholds)


def ranked_precision(
    scores: Sequence[Tensor],
    overlaps: Sequence[Tensor],
    thresholds: Sequence[float] = THRESHOLDS,
) -> Tensor:
    """Return the average precision of the objects of one label, (thresholds,).

    For each picture there are the `scores` of what was found, (found,), the surest
    first, and its `overlaps` with what is there, (found, true). NaN where nothing is.
    """
    total = sum(one.shape[1] for one in overlaps)
    if not total:
        return torch.full((len(thresholds),), torch.nan, dtype=torch.float64)
    least = torch.tensor(thresholds, dtype=torch.float64)
    order = torch.cat([*scores]).argsort(descending=True, stable=True)
    right = torch.cat([_matches(one, least) for one in overlaps])[order]
    return torch.stack([average_precision(hit, total) for hit in right.T])


def _matches(overlaps: Tensor, least: Tensor) -> Tensor:
    """Return which found objects are right, (found, thresholds), the surest first.

    `overlaps` (found, true) are with the true objects of the same picture and label.
    """
    found, true = overlaps.shape
    right = torch.zeros(found, len(least), dtype=torch.bool)
    if not true:
        return right
    taken = torch.zeros(len(least), true, dtype=torch.bool)
    rows = torch.arange(len(least))
    for place, overlap in enumerate(overlaps):
        best, which = overlap.expand(len(least), -1).masked_fill(taken, -1).max(dim=1)
        right[place] = best >= least
        taken[rows, which] |= right[place]
    return right


def hits(found: Found, true: Tensor) -> tuple[Tensor, Tensor]:
    """Return which found objects have their label in the right place, (found,), and
    which true ones, rows (label, box), are found, (true,): at an overlap of a half, the
    surest first."""
    overlap = iou(found.boxes, true[:, 1:])
    return matched(overlap * (found.labels[:, None] == true[:, 0].long()))


def matched(overlaps: Tensor) -> tuple[Tensor, Tensor]:
    """Return which found objects are right, (found,), and which true ones are found,
    (true,), by their overlaps, (found, true), at a half; the surest choose first."""
    right = torch.zeros(overlaps.shape[0], dtype=torch.bool)
    met = torch.zeros(overlaps.shape[1], dtype=torch.bool)
    for place, row in enumerate(overlaps):
        if len(met) and (best := row.masked_fill(met, 0)).max() >= 0.5:
            right[place] = met[best.argmax()] = True
    return right, met


def average_precision(right: Tensor, total: int) -> Tensor:
    """Return the average precision of found objects, (found,), in order of their
    scores: whether each is right, of `total` true ones."""
    hits = right.double().cumsum(dim=0)
    precision = hits / torch.arange(1, len(right) + 1)
    best = precision.flip(0).cummax(dim=0).values.flip(0) if len(right) else precision
    place = torch.searchsorted(hits / total, RECALLS)
    padded = torch.cat([best, best.new_zeros(1)])  # beyond the highest recall
    return padded[place].mean()
