"""Metrics of keypoints: how far they are from the true ones, and how many are near."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.keypoint_detection import decode
from zoo.runtime.rows import predict_batches, spec_of

__all__ = ["errors", "evaluate", "metrics", "of_points"]

NEAR = 0.1  # of what errors are divided by: so near is found


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; see `of_points`."""
    return metrics(predict_batches(model, rows), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return the metrics of a model's output; see `of_points`."""
    return of_points(decode(output, output_spec)[0], target, output_spec)


def of_points(points: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return `nme`, the normalized mean error: the mean distance from the true points,
    by that of the two `reference` points of the same picture; and `pck_10`, the share
    of points whose distance is below a tenth of that. Without `reference` points, both
    are by the diagonal of the box around the true points.

    Both are (rows, points, 2), shares of the frame; a true point that is NaN counts
    nowhere.
    """
    error = errors(points, target, output_spec)
    known = error[~error.isnan()]
    return {
        "nme": known.mean().item(),
        "pck_10": (known < NEAR).double().mean().item(),
    }


def errors(points: Tensor, target: Tensor, output_spec: Any) -> Tensor:
    """Return the distance of each point, (rows, points), by that of the reference
    points or the diagonal of the true points' box, in a square frame."""
    distance = (points - target).double().norm(dim=2)
    unit = _units(target, output_spec.reference)
    return torch.where(unit > 0, distance.T / unit, torch.nan).T


def _units(target: Tensor, reference: Any) -> Tensor:
    """Return what the errors of each row are divided by, (rows,)."""
    if reference is not None:
        first, second = reference
        apart: Tensor = (target[:, first] - target[:, second]).double().norm(dim=1)
        return apart
    missing = target.isnan()
    low = target.masked_fill(missing, torch.inf).amin(dim=1)
    high = target.masked_fill(missing, -torch.inf).amax(dim=1)
    diagonal: Tensor = (high - low).double().norm(dim=1)
    return diagonal
