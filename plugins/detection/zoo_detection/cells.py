"""Blood cells and their boxes: as tensors, and their augmentation."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from zoo.recipes import Run, TensorRows
from zoo.recipes.boxes import move_boxes

__all__ = ["DATASET", "Augmentation", "augment", "data"]

DATASET = "bccd"
READER = "zoo_detection.pictures:read_rows"
SMOKE_ROWS = 8


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
