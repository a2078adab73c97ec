"""Photographs of pets and their masks: as tensors, their augmentation, and the loss."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import (
    affine_grid,
    binary_cross_entropy_with_logits,
    grid_sample,
)

from zoo.recipes import Run, TensorRows

__all__ = [
    "DATASET",
    "Augmentation",
    "augment",
    "bce_dice_loss",
    "data",
]

DATASET = "oxford_iiit_pet"
READER = "zoo_segmentation.photographs:read_rows"  # of the set's own files
SMOKE_ROWS = 12
SMOOTH = 1.0  # added above and below, so that an empty mask has a gradient


def data(run: Run, split: str) -> TensorRows:
    """Return photographs as bytes, stretched to the model's frame, and their masks.

    A mask, (height, width), is 1 where the pet or its outline is.
    """
    first = SMOKE_ROWS if run.smoke else None
    rows = run.load_rows(DATASET, split, reader=READER, first=first)
    return rows[:first]


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far a photograph and its mask are changed, at most."""

    min_area: float = 0.5  # of the crop, as a share; what lies outside is reflected
    max_area: float = 1.2
    max_aspect_ratio: float = 4 / 3
    rotation_degrees: float = 15.0
    brightness_contrast_std: float = 0.2
    channel_shift_std: float = 0.1  # of each channel independently


def augment(
    image: Tensor, mask: Tensor, settings: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return prepared pixels (B, 3, H, W) and masks (B, H, W), transformed together.

    Half of them are flipped. Brightness, contrast and color change the pixels alone.
    """
    theta = _random_affine(len(image), settings, generator)
    grid = affine_grid(theta, [*image.shape], False)
    moved = grid_sample(image, grid, padding_mode="reflection", align_corners=False)
    moved_mask = grid_sample(
        mask[:, None].to(image.dtype),
        grid,
        mode="nearest",
        padding_mode="reflection",
        align_corners=False,
    )
    contrast, brightness = settings.brightness_contrast_std * torch.randn(
        2, len(image), 1, 1, 1, generator=generator
    )
    shift = settings.channel_shift_std * torch.randn(
        len(image), 3, 1, 1, generator=generator
    )
    changed = moved * (1 + contrast) + brightness + shift
    return changed, moved_mask[:, 0].to(mask.dtype)


def _random_affine(
    count: int, settings: Augmentation, generator: torch.Generator
) -> Tensor:
    """Return random crops, rotations and flips as affine maps, (count, 2, 3)."""
    flip, area, ratio, turn, left, top = torch.rand(6, count, generator=generator)
    area = settings.min_area + (settings.max_area - settings.min_area) * area
    ratio = torch.exp((2 * ratio - 1) * math.log(settings.max_aspect_ratio) / 2)
    width, height = area.sqrt() * ratio, area.sqrt() / ratio
    angle = (2 * turn - 1) * math.radians(settings.rotation_degrees)
    x = torch.where(flip < 0.5, -width, width)
    rows = (
        torch.stack((x * angle.cos(), -height * angle.sin(), (1 - width) * _sym(left))),
        torch.stack((x * angle.sin(), height * angle.cos(), (1 - height) * _sym(top))),
    )
    return torch.stack(rows).permute(2, 0, 1)


def _sym(uniform: Tensor) -> Tensor:
    """Return 0..1 as -1..1."""
    return 2 * uniform - 1


def bce_dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the binary cross-entropy plus the soft Dice loss, for probabilities p:

        L = BCE(p, y) + 1 - (2 sum p y + s) / (sum p + sum y + s)

    The first term is a mean over pixels, the second over images, with the smoothing s.
    `logits` are (B, 1, H, W) and `mask` is (B, H, W).
    """
    logits, mask = logits[:, 0].float(), mask.float()
    probability = logits.sigmoid()
    intersection = (probability * mask).sum(dim=(1, 2))
    sizes = probability.sum(dim=(1, 2)) + mask.sum(dim=(1, 2))
    dice = (2 * intersection + SMOOTH) / (sizes + SMOOTH)
    return binary_cross_entropy_with_logits(logits, mask) + (1 - dice).mean()
