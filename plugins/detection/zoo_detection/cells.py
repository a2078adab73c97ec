"""Blood cells and their boxes: as tensors, their augmentation, and the loss."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import (
    affine_grid,
    binary_cross_entropy_with_logits,
    cross_entropy,
    grid_sample,
)

from zoo.recipes import Run, TensorRows
from zoo.recipes.boxes import NO_BOX, areas, iou
from zoo_detection.yolo import cell_size

__all__ = ["DATASET", "Augmentation", "augment", "data", "move_boxes", "yolo_loss"]

DATASET = "bccd"
READER = "zoo_detection.pictures:read_rows"
SMOKE_ROWS = 8
MIN_VISIBLE = 0.4  # of a box's area; one that is cut off further is left out
TINY = 1e-6


def data(run: Run, split: str) -> TensorRows:
    """Return pictures as bytes, (N, 3, 192, 256), and their boxes, (N, most, 5)."""
    first = SMOKE_ROWS if run.smoke else None
    return run.load_rows(DATASET, split, reader=READER, first=first)[:first]


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far a picture and its boxes are changed, at most."""

    max_scale: float = 1.4  # how many times larger or smaller
    max_aspect_ratio: float = 1.15  # and how much wider than high, or the reverse
    max_shift: float = 0.2  # as a share of the picture
    brightness_contrast_std: float = 0.2  # of prepared pixels
    channel_shift_std: float = 0.2  # of each channel independently


def augment(
    image: Tensor, target: Tensor, settings: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return prepared pixels (B, 3, H, W) and boxes (B, M, 5), moved together.

    They are flipped, scaled and shifted. Brightness, contrast and color change the
    pixels alone. What comes in from outside repeats the pixels at the border.
    """
    scale, shift = random_moves(len(image), settings, generator)
    # affine_grid says for each new place which old one is seen there: (new - b) / a.
    theta = torch.zeros(len(image), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = 1 / scale[:, 0], 1 / scale[:, 1]
    theta[:, :, 2] = -shift / scale
    grid = affine_grid(theta.to(image), [*image.shape], False)
    moved = grid_sample(image, grid, padding_mode="border", align_corners=False)
    contrast, brightness = settings.brightness_contrast_std * torch.randn(
        2, len(image), 1, 1, 1, generator=generator
    )
    channel = settings.channel_shift_std * torch.randn(
        len(image), 3, 1, 1, generator=generator
    )
    changed = moved * (1 + contrast.to(image)) + (brightness + channel).to(image)
    return changed, move_boxes(target, scale.to(target), shift.to(target))


def random_moves(
    count: int, settings: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a scale and a shift of each picture, (count, 2) each, in x and y: a place
    z, from -1 to 1, goes to scale * z + shift. A negative scale is a flip."""
    flip, size, ratio, left, top = torch.rand(5, count, 2, generator=generator)
    log_size = math.log(settings.max_scale) * (2 * size[:, :1] - 1)
    log_ratio = math.log(settings.max_aspect_ratio) * (2 * ratio[:, :1] - 1) / 2
    scale = torch.exp(torch.cat([log_size + log_ratio, log_size - log_ratio], dim=1))
    shift = 2 * settings.max_shift * (2 * torch.stack([left[:, 0], top[:, 0]], 1) - 1)
    return torch.where(flip < 0.5, -scale, scale), shift


def move_boxes(target: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return boxes (B, M, 5), as shares of their pictures, moved as the pictures are.

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


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    box: float = 2.0
    object: float = 1.0
    nothing: float = 1.0
    label: float = 0.5
    ignored_iou: float = 0.5  # from which a box that answers for nothing is no mistake


def yolo_loss(
    output: Tensor, target: Tensor, prior: Tensor, weights: LossWeights
) -> Tensor:
    """Return YOLO's loss, as a mean over the objects of a batch.

    Each object is the business of one box: of its centre's cell, the one whose anchor
    is most like it. With v = 1 for those boxes, and with the numbers that `decode`
    names,

        L = sum v ((sigma(t_x) - x)^2 + (sigma(t_y) - y)^2)     YOLOv3, 2.1: squared
          + sum v ((t_w - log w / p_w)^2 + (t_h - log h / p_h)^2)   errors of the t's
          - sum v log P(object) + (1 - v) log (1 - P(object))
          - sum v log P(label | object)

    The third sum leaves out boxes with v = 0 that overlap some object by `ignored_iou`:
    YOLOv3, 2.1. `output` is (B, boxes, 5 + labels), `target` (B, M, 5), and `prior` are
    the cells and anchors, (boxes, 4).
    """
    row, place = (target[..., 0] != NO_BOX).nonzero().unbind(dim=1)
    label, true = target[row, place, 0].long(), target[row, place, 1:]
    logits, boxes = output[..., 4].float(), output[..., :4].float()
    chosen = responsible(true, prior)
    with torch.no_grad():
        overlap = iou(boxes, target[..., 1:])  # 0 with rows that only fill up
        counted = overlap.amax(dim=2) < weights.ignored_iou
    wanted = torch.zeros_like(logits)
    wanted[row, chosen], counted[row, chosen] = 1.0, True
    cost = binary_cross_entropy_with_logits(logits, wanted, reduction="none") * counted
    cost = cost * torch.where(wanted > 0, weights.object, weights.nothing)
    cell = cell_size(prior)
    found = box_numbers(boxes[row, chosen], prior[chosen], cell)
    right = box_numbers(true, prior[chosen], cell)
    box = (found - right).square().sum()
    names = cross_entropy(output[row, chosen, 5:].float(), label, reduction="sum")
    total = weights.box * box + cost.sum() + weights.label * names
    return total / max(1, len(row))


def responsible(true: Tensor, prior: Tensor) -> Tensor:
    """Return which box answers for each object, (objects,); `true` are their boxes,
    (objects, 4)."""
    center, size = (true[:, :2] + true[:, 2:]) / 2, true[:, 2:] - true[:, :2]
    away = center[:, None] - prior[:, :2]
    inside = ((away >= -TINY) & (away < cell_size(prior) + TINY)).all(dim=2)
    alike = iou(_at_origin(size), _at_origin(prior[:, 2:]))  # of shapes alone
    return torch.where(inside, alike, -1.0).argmax(dim=1)


def box_numbers(boxes: Tensor, prior: Tensor, cell: Tensor) -> Tensor:
    """Return what `decode` made boxes of, (n, 4): sigma(t_x), sigma(t_y), t_w, t_h."""
    center, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    place = (center - prior[:, :2]) / cell
    return torch.cat([place, (size.clamp_min(TINY) / prior[:, 2:]).log()], dim=1)


def _at_origin(size: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(size), size], dim=1)
