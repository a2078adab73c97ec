"""Captchas as tensors: loaded, concatenated, and randomly distorted."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from zoo import OCROutput, Run
from zoo.recipes import TensorRows, load_or_synthetic
from zoo.recipes import data as datasets
from zoo.recipes.metrics import numbered
from zoo_ocr.generated import captchas

__all__ = [
    "GENERATED",
    "REAL",
    "Distortion",
    "concatenate",
    "data",
    "random_distortion",
]

REAL, GENERATED = "captcha", "generated_captcha"
STEPS = 50  # of the model: a quarter of the width in pixels
SMOKE_ROWS = 24


def data(run: Run, split: str, name: str = REAL) -> TensorRows:
    """Return captchas as bytes, and their texts as class ids, (rows, characters).

    A smoke run takes a few rows, and noise where the data can't be had.
    """
    stand_in = run.spec if run.smoke else None
    limit = SMOKE_ROWS if run.smoke else None
    options = {"output_spec": run.spec.output, "limit": limit}
    rows: TensorRows = load_or_synthetic(_load, name, split, options, stand_in)
    rows = rows[:SMOKE_ROWS] if run.smoke else rows
    run.data[rows.source] = {"rows": len(rows), "fingerprint": rows.fingerprint}
    return rows


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


def _load(
    name: str, split: str, *, output_spec: OCROutput, limit: int | None
) -> TensorRows:
    if limit and name == GENERATED:
        dataset = captchas(split, limit)  # all of them take a while to make
    else:
        dataset = datasets.load_dataset(name, split)
    source = f"{name}/{split}"
    pixels = np.stack([np.asarray(image.convert("L")) for image in dataset["image"]])
    texts = list(dataset["text"])
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "text": (f"str{len(texts)}", "\n".join(texts).encode()),
    }
    return TensorRows(
        input=torch.from_numpy(pixels).unsqueeze(1),
        target=numbered(texts, output_spec, source=source, steps=STEPS),
        source=source,
        fingerprint=datasets.fingerprint(content),
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
