"""From a model's maps to the keypoints of the object that a picture shows.

A model gives maps, (batch, 3 * points, rows, columns), whose cells lie over the picture
like a grid: of each point the logit of lying in a cell's neighbourhood, and then, of
each point, how far it lies from the cell's centre, in x and in y, as shares of the
picture. As in Papandreou et al., "Towards accurate multi-person pose estimation in the
wild", 2017, the cells near the likeliest one vote, by their probability h:

    point = sum h(cell) (centre(cell) + offset(cell)) / sum h(cell)

The model sees the whole picture stretched to its frame, so a share of the frame is the
same share of the picture.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    max_pool2d,
    smooth_l1_loss,
)

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.rows import spec_of

__all__ = ["cell_centers", "decode", "keypoint_loss", "predict", "results", "split"]

RADIUS = 1.5  # cells, of the disk around a point that its heat map has
OFFSET_WEIGHT = 0.5  # of the loss of the offsets, beside that of the heat maps
VOTERS = 3  # cells across and down that vote, the likeliest in their middle


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the keypoints in each picture of a batch; see `results`."""
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, items, spec_of(model).output)


def results(
    output: Tensor, items: Sequence[Any], output_spec: Any
) -> list[dict[str, Any]]:
    """Return the keypoints of each picture in its own pixels, in the model's order.

    Each of the `keypoints` has a `label`, `x`, `y` and a `score`, the probability that
    the point is where the model says. `size` is the picture's width and height; of
    prepared pixels, the frame's.
    """
    points, scores = decode(output, output_spec)
    return [
        _one(*each, output_spec) for each in zip(points, scores, items, strict=True)
    ]


def decode(output: Tensor, output_spec: Any) -> tuple[Tensor, Tensor]:
    """Return the points as shares of their pictures, (batch, points, 2) for x and y,
    and their scores, (batch, points)."""
    heat, offset = split(output, output_spec)
    rows, columns = heat.shape[2:]
    place = cell_centers(rows, columns) + offset  # (B, P, rows, columns, 2)
    flat = heat.flatten(2)
    scores, best = flat.max(dim=2)
    peak = torch.zeros_like(flat).scatter_(2, best[..., None], 1).view_as(heat)
    near = max_pool2d(peak, VOTERS, stride=1, padding=VOTERS // 2)
    votes = (heat * near)[..., None]
    points = (votes * place).sum(dim=(2, 3)) / votes.sum(dim=(2, 3))
    return points.clamp(0, 1), scores


def split(output: Tensor, output_spec: Any) -> tuple[Tensor, Tensor]:
    """Return the probabilities of each cell, (batch, points, rows, columns), and the
    offsets from it, (batch, points, rows, columns, 2)."""
    count = len(output_spec.labels)
    if output.ndim != 4 or output.shape[1] != 3 * count:
        expected = f"a third of what the model's output has, {tuple(output.shape)}"
        raise SpecError("KeypointOutput", "labels", output_spec.labels, expected)
    numbers = output.float().cpu()
    if numbers.isnan().any():
        problem = (
            "The model's output holds NaN: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    heat, x, y = numbers.split(count, dim=1)
    return heat.sigmoid(), torch.stack([x, y], dim=-1)


def cell_centers(rows: int, columns: int) -> Tensor:
    """Return the centres of a grid's cells as shares of the picture, (rows, columns,
    2): x and y."""
    y, x = ((torch.arange(count) + 0.5) / count for count in (rows, columns))
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)


def keypoint_loss(
    maps: Tensor,
    points: Tensor,
    *,
    radius: float = RADIUS,
    offset_weight: float = OFFSET_WEIGHT,
) -> Tensor:
    """Return the loss of a model's maps, a mean over the points of a batch.

    Papandreou et al., "PersonLab", 2018, 3.1: the target of a point's heat map is 1 in
    the cells within `radius` of it, in cells, and 0 in the others. There, and nowhere
    else, the offset should lead from the cell's centre to the point:

        L = mean BCE(heat) + weight * mean smooth L1(offset)

    `maps` are (B, 3 * points, rows, columns), and `points` (B, points, 2), shares of
    the picture; a point that is NaN is left out.
    """
    logits, x, y = maps.float().split(points.shape[1], dim=1)
    rows, columns = maps.shape[2:]
    offset = torch.stack([x, y], dim=-1) * columns  # in cells, (B, P, rows, columns, 2)
    centers = cell_centers(rows, columns).to(maps.device)
    way = (points[:, :, None, None] - centers) * columns
    near = way.norm(dim=-1) < radius  # never of NaN
    known = ~points.isnan().any(dim=2)  # (B, P)
    if not known.any():
        return 0 * maps.sum()
    heat = binary_cross_entropy_with_logits(logits[known], near[known].float())
    if not near.any():
        return heat + 0 * offset.sum()
    return heat + offset_weight * smooth_l1_loss(offset[near], way[near])


def _one(points: Tensor, scores: Tensor, item: Any, output_spec: Any) -> dict[str, Any]:
    tensor = isinstance(item, Tensor)
    width, height = (item.shape[-1], item.shape[-2]) if tensor else item.size
    named = zip(output_spec.labels, points.tolist(), scores.tolist(), strict=True)
    keypoints = [
        {"label": name, "x": x * width, "y": y * height, "score": score}
        for name, (x, y), score in named
    ]
    return {"keypoints": keypoints, "size": (width, height)}
