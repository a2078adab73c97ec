"""Faces and their keypoints: as tensors, and their augmentation."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from zoo.recipes import Run, TensorRows
from zoo_detection import MIRRORED

__all__ = ["DATASET", "FaceAugmentation", "augment_faces", "data"]

DATASET = "facial_keypoints"
READER = "zoo_detection.portraits:read_rows"
SMOKE_ROWS = 8


def data(run: Run, split: str) -> TensorRows:
    """Return faces as bytes, (N, 3, 96, 96), and their points, (N, 68, 2), as shares.

    The set has no validation rows: those of every tenth person of the training rows
    are.
    """
    first = SMOKE_ROWS if run.smoke else None
    return run.load_rows(DATASET, split, reader=READER, first=first)[:first]


@dataclass(frozen=True, kw_only=True)
class FaceAugmentation:
    """How far a face and its points are changed, at most."""

    max_scale: float = 1.25  # how many times larger or smaller
    max_shift: float = 0.1  # as a share of the picture
    rotation_degrees: float = 25.0
    brightness_contrast_std: float = 0.25
    channel_shift_std: float = 0.1  # of each channel independently


def augment_faces(
    image: Tensor,
    points: Tensor,
    settings: FaceAugmentation,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Return prepared pixels (B, 3, H, W) and points (B, 68, 2), moved together.

    Half of them are flipped, with which left and right change names. Brightness,
    contrast and color change the pixels alone.
    """
    matrix, shift, flip = random_turns(len(image), settings, generator)
    # affine_grid says for each new place which old one is seen there.
    back = torch.linalg.inv(matrix)
    theta = torch.cat([back, -back @ shift[..., None]], dim=2)
    grid = affine_grid(theta.to(image), [*image.shape], False)
    moved = grid_sample(image, grid, padding_mode="border", align_corners=False)
    contrast, brightness = settings.brightness_contrast_std * torch.randn(
        2, len(image), 1, 1, 1, generator=generator
    )
    channel = settings.channel_shift_std * torch.randn(
        len(image), 3, 1, 1, generator=generator
    )
    changed = moved * (1 + contrast.to(image)) + (brightness + channel).to(image)
    return changed, move_points(points, matrix.to(points), shift.to(points), flip)


def random_turns(
    count: int, settings: FaceAugmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return maps of places z, from -1 to 1, to A z + b: A (count, 2, 2), b (count, 2),
    and which of them flip (count,)."""
    size, turn, left, top, side = torch.rand(5, count, generator=generator)
    scale = torch.exp(math.log(settings.max_scale) * (2 * size - 1))
    angle = math.radians(settings.rotation_degrees) * (2 * turn - 1)
    flip = side < 0.5
    across = torch.where(flip, -scale, scale)
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack([across * cos, -scale * sin], dim=1),
        torch.stack([across * sin, scale * cos], dim=1),
    ]
    shift = 2 * settings.max_shift * (2 * torch.stack([left, top], dim=1) - 1)
    return torch.stack(rows, dim=1), shift, flip


def move_points(points: Tensor, matrix: Tensor, shift: Tensor, flip: Tensor) -> Tensor:
    """Return points (B, 68, 2), as shares of their pictures, moved as these are."""
    named = torch.where(flip[:, None, None], points[:, list(MIRRORED)], points)
    return ((2 * named - 1) @ matrix.mT + shift[:, None] + 1) / 2
