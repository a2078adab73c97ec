"""Metrics of keypoints: how far they are from the true ones, and how many are near."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.keypoint_detection import decode
from zoo.runtime.rows import predict_batches, spec_of

__all__ = ["errors", "evaluate", "metrics", "of_points"]

NEAR = 0.1  # of the distance of the two reference points: so near is found


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; see `of_points`."""
    return metrics(predict_batches(model, rows), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return the metrics of a model's output; see `of_points`."""
    return of_points(decode(output, output_spec)[0], target, output_spec)


def of_points(points: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return `nme`, the normalized mean error: the mean distance from the true points,
    by that of the two `reference` points of the same picture; and `pck_10`, the share
    of points whose distance is below a tenth of that.

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
    points, in a square frame."""
    first, second = output_spec.reference
    distance = (points - target).double().norm(dim=2)
    reference = (target[:, first] - target[:, second]).double().norm(dim=1)
    return torch.where(reference > 0, distance.T / reference, torch.nan).T
