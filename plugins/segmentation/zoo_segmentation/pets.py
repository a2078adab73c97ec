"""Photographs of pets and their masks: as tensors, their augmentation, and the loss."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import (
    affine_grid,
    binary_cross_entropy_with_logits,
    grid_sample,
)

from zoo import ImageInput, Run
from zoo.recipes import TensorRows, images, load_or_synthetic
from zoo.recipes import data as datasets

__all__ = [
    "DATASET",
    "Augmentation",
    "augment",
    "bce_dice_loss",
    "data",
    "example",
    "photographs",
]

DATASET = "oxford_iiit_pet"
BACKGROUND = 2  # in the trimaps; 1 is the pet, 3 its outline, which counts as pet
EXAMPLES = ("cat.jpg", "coffee.jpg")
SMOKE_ROWS = 12
SMOOTH = 1.0  # added above and below, so that an empty mask has a gradient


def data(run: Run, split: str) -> TensorRows:
    """Return photographs as bytes, stretched to the model's frame, and their masks.

    A mask is 1 where the pet or its outline is. A smoke run takes a few rows, and noise
    where the data can't be had.
    """
    stand_in = run.spec if run.smoke else None
    options = {
        "expected": run.spec.input,
        "limit": SMOKE_ROWS if run.smoke else None,
    }
    rows: TensorRows = load_or_synthetic(_read, DATASET, split, options, stand_in)
    rows = rows[:SMOKE_ROWS] if run.smoke else rows
    run.data[rows.source] = {"rows": len(rows), "fingerprint": rows.fingerprint}
    return rows


class Photograph(NamedTuple):
    """A photograph in color, its trimap, and the breed of its pet."""

    image: Image.Image
    trimap: Image.Image
    breed: str


def photographs(split: str, limit: int | None = None) -> list[Photograph]:
    """Return photographs at their own size.

    Some files of the set hold grays or a palette. With `limit` they are of all breeds.
    """
    rows = datasets.load_dataset(DATASET, split)
    if limit:
        rows = rows.select(range(0, len(rows), len(rows) // limit)[:limit])
    name = rows.features["label"].int2str
    return [
        Photograph(row["image"].convert("RGB"), row["mask"], name(row["label"]))
        for row in rows
    ]


def example(run: Run) -> Tensor:
    """Return the cat and the coffee that ship with the models, as prepared pixels: the
    golden is redistributed with the weights, and no photograph of the set may be."""
    expected: Any = run.spec.input
    folder = Path(__file__).with_name("examples")
    opened = [images.open_image(folder / name, expected) for name in EXAMPLES]
    return torch.stack([images.pixels(one, expected) for one in opened])


def _read(
    name: str, split: str, *, expected: ImageInput, limit: int | None = None
) -> TensorRows:
    pixels, masks = [], []
    size = (expected.width, expected.height)
    for photo in photographs(split, limit):
        pixels.append(np.asarray(images.fitted(photo.image, expected)))
        small = photo.trimap.resize(size, Image.Resampling.NEAREST)
        masks.append(np.asarray(small) != BACKGROUND)
    image, mask = np.stack(pixels), np.stack(masks).astype(np.uint8)
    content = {
        "image": (f"uint8{image.shape}", image.tobytes()),
        "mask": (f"uint8{mask.shape}", mask.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(image).permute(0, 3, 1, 2).contiguous(),
        target=torch.from_numpy(mask),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )


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
