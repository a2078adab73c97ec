"""Photographs of pets and their masks: as tensors, moved together, and compared with
what simple methods make of them."""

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

from zoo import Run
from zoo.datasets import registered as datasets
from zoo.datasets.in_memory import TensorRows, load_or_synthetic
from zoo.preprocessing import image as images
from zoo.specs import ImageInput

__all__ = ["SET", "Moves", "data", "example", "loss", "moved", "photographs"]

SET = "oxford_iiit_pet"
BACKGROUND = 2  # in the trimaps; 1 is the pet, 3 its outline, which counts as pet
EXAMPLES = ("cat.jpg", "coffee.jpg")
FEW = 12  # rows of a smoke run
DICE = 1.0  # added above and below, so that an empty mask has a gradient


def data(run: Run, split: str) -> TensorRows:
    """Return photographs as bytes, stretched to the model's frame, and their masks.

    A mask is 1 where the pet or its outline is. A smoke run takes a few rows, and noise
    where the data can't be had.
    """
    stand_in = run.spec if run.smoke else None
    options = {"expected": run.spec.input, "few": FEW if run.smoke else None}
    rows: TensorRows = load_or_synthetic(_read, SET, split, options, stand_in)
    rows = rows[:FEW] if run.smoke else rows
    run.data[rows.source] = {"rows": len(rows), "fingerprint": rows.fingerprint}
    return rows


class Photograph(NamedTuple):
    """A photograph in colour, its trimap, and the breed of its pet."""

    picture: Image.Image
    trimap: Image.Image
    breed: str


def photographs(split: str, few: int | None = None) -> list[Photograph]:
    """Return photographs as large as they are.

    Some files of the set hold greys or a palette. `few` photographs are of all breeds.
    """
    rows = datasets.load_dataset(SET, split)
    rows = rows.select(range(0, len(rows), len(rows) // few)[:few]) if few else rows
    name = rows.features["label"].int2str
    return [
        Photograph(row["image"].convert("RGB"), row["mask"], name(row["label"]))
        for row in rows
    ]


def example(run: Run) -> Tensor:
    """Return the cat and the coffee that ship with the models, as prepared pixels: the
    golden is passed on with the weights, and no photograph of the set may be."""
    expected: Any = run.spec.input
    folder = Path(__file__).with_name("examples")
    opened = [images.open_image(folder / name, expected) for name in EXAMPLES]
    return torch.stack([images.pixels(one, expected) for one in opened])


def _read(
    name: str, split: str, *, expected: ImageInput, few: int | None = None
) -> TensorRows:
    pictures, masks = [], []
    size = (expected.width, expected.height)
    for photo in photographs(split, few):
        pictures.append(np.asarray(images.fitted(photo.picture, expected)))
        small = photo.trimap.resize(size, Image.Resampling.NEAREST)
        masks.append(np.asarray(small) != BACKGROUND)
    given, target = np.stack(pictures), np.stack(masks).astype(np.uint8)
    content = {
        "image": (f"uint8{given.shape}", given.tobytes()),
        "mask": (f"uint8{target.shape}", target.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(given).permute(0, 3, 1, 2).contiguous(),
        target=torch.from_numpy(target),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )


@dataclass(frozen=True, kw_only=True)
class Moves:
    """How far a photograph and its mask are moved: the ends of even distributions."""

    least: float = 0.5  # of the area that is seen; what lies outside is mirrored in
    most: float = 1.2
    stretch: float = 4 / 3  # one side against the other
    turn: float = 15.0  # degrees
    light: float = 0.2  # standard deviation of brightness and of contrast
    tint: float = 0.1  # of each channel alone


def moved(
    image: Tensor, mask: Tensor, moves: Moves, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return prepared pixels (B, 3, H, W) and masks (B, H, W), moved in the same way.

    Half of them are mirrored. Light and tint are of the pixels alone.
    """
    grid = affine_grid(_places(len(image), moves, random), [*image.shape], False)
    seen = grid_sample(image, grid, padding_mode="reflection", align_corners=False)
    flat = mask[:, None].to(image.dtype)
    other = grid_sample(
        flat, grid, mode="nearest", padding_mode="reflection", align_corners=False
    )
    light = moves.light * torch.randn(2, len(image), 1, 1, 1, generator=random)
    tint = moves.tint * torch.randn(len(image), 3, 1, 1, generator=random)
    return seen * (1 + light[0]) + light[1] + tint, other[:, 0].to(mask.dtype)


def _places(count: int, moves: Moves, random: torch.Generator) -> Tensor:
    """Return where each part lies in its photograph, as affine maps (count, 2, 3)."""
    mirror, area, shape, turn, left, top = torch.rand(6, count, generator=random)
    area = moves.least + (moves.most - moves.least) * area
    shape = torch.exp((2 * shape - 1) * math.log(moves.stretch) / 2)
    wide, high = area.sqrt() * shape, area.sqrt() / shape
    angle = (2 * turn - 1) * math.radians(moves.turn)
    across = torch.where(mirror < 0.5, -wide, wide)
    rows = (
        torch.stack(
            (across * angle.cos(), -high * angle.sin(), (1 - wide) * _two(left))
        ),
        torch.stack((across * angle.sin(), high * angle.cos(), (1 - high) * _two(top))),
    )
    return torch.stack(rows).permute(2, 0, 1)


def _two(share: Tensor) -> Tensor:
    """Return 0..1 as -1..1."""
    return 2 * share - 1


def loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the cross-entropy of the pixels plus one less a soft Dice coefficient.

    The first weighs pixels, the second the overlap of a picture as a whole. `logits`
    (B, 1, H, W) and `mask` (B, H, W).
    """
    logits, mask = logits[:, 0].float(), mask.float()
    sure = logits.sigmoid()
    shared = (sure * mask).sum(dim=(1, 2))
    sizes = sure.sum(dim=(1, 2)) + mask.sum(dim=(1, 2))
    dice = (2 * shared + DICE) / (sizes + DICE)
    return binary_cross_entropy_with_logits(logits, mask) + (1 - dice).mean()
