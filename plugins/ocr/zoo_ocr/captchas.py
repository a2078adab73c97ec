"""Captchas as tensors: their pixels and their texts, joined, and distorted a little."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from zoo import Run
from zoo.datasets import registered as datasets
from zoo.datasets.in_memory import TensorRows, load_or_synthetic
from zoo.specs import OCROutput
from zoo.tasks.image_to_text import numbered
from zoo_ocr.generated import captchas

__all__ = ["GENERATED", "REAL", "Distortion", "data", "distorted", "joined"]

REAL, GENERATED = "captcha", "generated_captcha"
STEPS = 50  # of the model: a quarter of the pixels across
FEW = 24  # rows of a smoke run


def data(run: Run, split: str, name: str = REAL) -> TensorRows:
    """Return captchas as bytes, and their texts as numbers, (rows, characters).

    A smoke run takes a few rows, and noise where the data can't be had.
    """
    stand_in = run.spec if run.smoke else None
    options = {"meaning": run.spec.output, "few": FEW if run.smoke else None}
    rows: TensorRows = load_or_synthetic(_read, name, split, options, stand_in)
    rows = rows[:FEW] if run.smoke else rows
    run.data[rows.source] = {"rows": len(rows), "fingerprint": rows.fingerprint}
    return rows


def joined(one: TensorRows, other: TensorRows) -> TensorRows:
    """Return the rows of both."""
    width = max(one.target.shape[1], other.target.shape[1])
    targets = [
        torch.nn.functional.pad(rows.target, (0, width - rows.target.shape[1]))
        for rows in (one, other)
    ]
    return replace(
        one,
        input=torch.cat([one.input, other.input]),
        target=torch.cat(targets),
        source=f"{one.source} and {other.source}",
    )


def _read(name: str, split: str, *, meaning: OCROutput, few: int | None) -> TensorRows:
    if few and name == GENERATED:
        held = captchas(split, few)  # all of them take a while to make
    else:
        held = datasets.load_dataset(name, split)
    source = f"{name}/{split}"
    pixels = np.stack([np.asarray(one.convert("L")) for one in held["image"]])
    texts = list(held["text"])
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "text": (f"str{len(texts)}", "\n".join(texts).encode()),
    }
    return TensorRows(
        input=torch.from_numpy(pixels).unsqueeze(1),
        target=numbered(texts, meaning, source=source, steps=STEPS),
        source=source,
        fingerprint=datasets.fingerprint(content),
    )


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """How far a captcha is changed: the ends of even distributions."""

    across: float = 0.12  # shifts, as a share of half the picture
    down: float = 0.2
    size: float = 0.12  # larger or smaller, in each direction by itself
    turn: float = 4.0  # degrees
    slant: float = 0.1
    contrast: float = 0.3
    light: float = 0.1
    grain: float = 0.05  # standard deviation of the noise, at most


def distorted(
    image: Tensor, random: torch.Generator, how: Distortion | None = None
) -> Tensor:
    """Return pixels (B, 1, H, W) in 0..1, moved, turned, stretched, brighter, noisy."""
    how, count, (high, wide) = how or Distortion(), len(image), image.shape[-2:]
    turn, slant, right, below, larger, taller, strong, bright = (
        2 * torch.rand(8, count, generator=random) - 1
    )
    turn = turn * math.radians(how.turn)
    larger, taller = 1 + how.size * larger, 1 + how.size * taller
    rows = (  # places are counted from -1 to 1, so a step down is shorter than across
        (larger, (how.slant * slant - turn) * high / wide, how.across * right),
        (turn * wide / high, taller, how.down * below),
    )
    map_ = torch.stack([torch.stack(row) for row in rows]).permute(2, 0, 1)
    grid = affine_grid(map_, [*image.shape], align_corners=False)
    seen = grid_sample(image, grid, padding_mode="border", align_corners=False)
    strong, bright = (one.view(-1, 1, 1, 1) for one in (strong, bright))
    seen = (seen - 0.5) * (1 + how.contrast * strong) + 0.5 + how.light * bright
    grain = how.grain * torch.rand(count, 1, 1, 1, generator=random)
    noise = torch.randn(seen.shape, generator=random)
    return torch.as_tensor(seen + grain * noise)
