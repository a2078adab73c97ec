"""Cell nuclei and which pixels each has: as tensors, and their augmentation."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from zoo import ImageInput
from zoo.recipes import Run, TensorRows, images
from zoo.recipes import data as datasets

__all__ = ["DATASET", "NucleusAugmentation", "augment_nuclei", "data", "read_rows"]

DATASET = "nuclei"
READER = "zoo_detection.nuclei:read_rows"
SMOKE_ROWS = 6


def data(run: Run, split: str) -> TensorRows:
    """Return pictures as bytes, (N, 3, 192, 192), and maps, (N, 2, 192, 192): of each
    pixel the number of its nucleus, from 1, or 0; and 0, the only label."""
    first = SMOKE_ROWS if run.smoke else None
    return run.load_rows(DATASET, split, reader=READER, first=first)[:first]


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return pictures and maps, both stretched to the model's frame."""
    rows = datasets.load_dataset(name, split)
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    pictures = [
        np.asarray(images.fit_image(one.convert("RGB"), input_spec))
        for one in rows["image"]
    ]
    frame = input_spec.width, input_spec.height
    maps = [
        np.asarray(one.resize(frame, Image.Resampling.NEAREST)) for one in rows["mask"]
    ]
    pixels, numbers = np.stack(pictures), np.stack(maps).astype(np.uint8)
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "mask": (f"uint8{numbers.shape}", numbers.tobytes()),
    }
    number = torch.from_numpy(numbers)
    return TensorRows(
        input=torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(),
        target=torch.stack([number, torch.zeros_like(number)], dim=1),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )


@dataclass(frozen=True, kw_only=True)
class NucleusAugmentation:
    """How far a picture and its map are changed, at most."""

    crop: int = 128  # pixels of a side of what is cut out
    max_scale: float = 1.5  # how many times larger or smaller
    brightness_contrast_std: float = 0.2  # of prepared pixels
    channel_shift_std: float = 0.1  # of each channel independently


def augment_nuclei(
    image: Tensor,
    target: Tensor,
    settings: NucleusAugmentation,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Return parts of prepared pixels (B, 3, H, W) and of maps (B, 2, H, W), moved
    together: (B, 3, crop, crop) and (B, 2, crop, crop).

    They are scaled, cut out, flipped and turned by quarters. Brightness, contrast and
    color change the pixels alone. What comes in from outside is the ground, and repeats
    the pixels at the border.
    """
    count, side = len(image), image.shape[-1]
    size, turn, flip, *center = torch.rand(5, count, generator=generator)
    scale = torch.exp(math.log(settings.max_scale) * (2 * size - 1))
    seen = settings.crop / (side * scale)  # the part of the picture's side
    angle = (4 * turn).floor() * math.pi / 2
    mirror = torch.where(flip < 0.5, -1.0, 1.0)
    # affine_grid says for each new place which old one is seen there.
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = seen * angle.cos() * mirror, -seen * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = seen * angle.sin() * mirror, seen * angle.cos()
    room = (1 - seen).clamp_min(0)
    theta[:, :, 2] = room[:, None] * (2 * torch.stack(center, dim=1) - 1)
    grid = affine_grid(theta, [count, 1, settings.crop, settings.crop], False)
    moved = grid_sample(
        image, grid.to(image), padding_mode="border", align_corners=False
    )
    maps = grid_sample(target.float(), grid, mode="nearest", align_corners=False)
    contrast, brightness = settings.brightness_contrast_std * torch.randn(
        2, count, 1, 1, 1, generator=generator
    )
    channel = settings.channel_shift_std * torch.randn(
        count, image.shape[1], 1, 1, generator=generator
    )
    changed = moved * (1 + contrast.to(image)) + (brightness + channel).to(image)
    return changed, maps.to(target.dtype)
