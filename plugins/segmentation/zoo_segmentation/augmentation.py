"""Pictures and their masks, changed together: crops, rotations, flips and colors."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

__all__ = ["Augmentation", "augment"]


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far a photograph and its mask are changed, at most."""

    min_area: float = 0.5  # of the crop, as a share; what lies outside is reflected
    max_area: float = 1.2
    max_aspect_ratio: float = 4 / 3
    rotation_degrees: float = 15.0
    brightness_contrast_std: float = 0.2
    channel_shift_std: float = 0.1  # of each channel independently
    size: tuple[int, int] | None = None  # of what comes out; by default what came in


def augment(
    image: Tensor, mask: Tensor, settings: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return prepared pixels (B, 3, H, W) and masks (B, H, W), transformed together.

    With a size, (height, width), these are H and W: the fewer, the faster. Half of them
    are flipped. Brightness, contrast and color change the pixels alone.
    """
    theta = _random_affine(len(image), settings, generator)
    grid = affine_grid(
        theta, [*image.shape[:2], *(settings.size or image.shape[2:])], False
    )
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
