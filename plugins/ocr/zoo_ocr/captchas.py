"""Captchas as tensors: their rows, two sets as one, and random distortion."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from zoo.recipes import Run, TensorRows

__all__ = [
    "GENERATED",
    "REAL",
    "Distortion",
    "concatenate",
    "data",
    "random_distortion",
]

REAL, GENERATED = "captcha", "generated_captcha"
READER = "zoo_ocr.reader:read_rows"  # of both sets
SMOKE_ROWS = 24


def data(run: Run, split: str, name: str = REAL) -> TensorRows:
    """Return captchas as bytes, and their texts as class ids, (rows, characters)."""
    first = SMOKE_ROWS if run.smoke else None
    return run.load_rows(name, split, reader=READER, first=first)[:first]


def concatenate(one: TensorRows, other: TensorRows) -> TensorRows:
    """Return the rows of both, with shorter texts padded by blanks."""
    length = max(one.target.shape[1], other.target.shape[1])
    targets = [
        torch.nn.functional.pad(rows.target, (0, length - rows.target.shape[1]))
        for rows in (one, other)
    ]
    return replace(
        one,
        input=torch.cat([one.input, other.input]),
        target=torch.cat(targets),
        source=f"{one.source} and {other.source}",
    )


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """The largest changes to a captcha; each is drawn uniformly up to that."""

    shift_x: float = 0.12  # as a fraction of half the width
    shift_y: float = 0.2  # as a fraction of half the height
    scale: float = 0.12  # in each direction independently
    rotation: float = 4.0  # degrees
    shear: float = 0.1
    contrast: float = 0.3
    brightness: float = 0.1
    noise: float = 0.05  # standard deviation


def random_distortion(
    image: Tensor, random: torch.Generator, distortion: Distortion | None = None
) -> Tensor:
    """Return pixels (B, 1, H, W) in 0..1 after a random affine map, a change of
    contrast and brightness, and noise."""
    limits, count = distortion or Distortion(), len(image)
    height, width = image.shape[-2:]
    angle, shear, shift_x, shift_y, scale_x, scale_y, contrast, brightness = (
        2 * torch.rand(8, count, generator=random) - 1
    )
    angle = angle * math.radians(limits.rotation)
    scale_x, scale_y = 1 + limits.scale * scale_x, 1 + limits.scale * scale_y
    rows = (  # coordinates are in -1..1, so a pixel is larger in y than in x
        (
            scale_x,
            (limits.shear * shear - angle) * height / width,
            limits.shift_x * shift_x,
        ),
        (angle * width / height, scale_y, limits.shift_y * shift_y),
    )
    theta = torch.stack([torch.stack(row) for row in rows]).permute(2, 0, 1)
    grid = affine_grid(theta, [*image.shape], align_corners=False)
    moved = grid_sample(image, grid, padding_mode="border", align_corners=False)
    contrast, brightness = (v.view(-1, 1, 1, 1) for v in (contrast, brightness))
    changed = (moved - 0.5) * (1 + limits.contrast * contrast) + 0.5
    changed = changed + limits.brightness * brightness
    std = limits.noise * torch.rand(count, 1, 1, 1, generator=random)
    noise = torch.randn(changed.shape, generator=random)
    return torch.as_tensor(changed + std * noise)
