"""Pairs of a small image and the one it was made from: their rows and their changes."""

import torch
from torch import Tensor

from zoo.recipes import Run, TensorRows

__all__ = ["FACES", "PHOTOS", "load_pairs", "turned"]

FACES, PHOTOS = "utkface", "sr_photos"
READER = "zoo_restoration.pictures:read_rows"
SMOKE_PICTURES = 8


def load_pairs(run: Run, name: str, split: str) -> TensorRows:
    """Return squares of pictures as bytes: small ones, and as targets those of twice
    the size that they were made from."""
    first = SMOKE_PICTURES if run.smoke else None
    return run.load_rows(name, split, reader=READER, first=first)[:first]


def turned(
    small: Tensor, large: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a batch of pairs, (B, 3, H, W) each, flipped and turned at random: one of
    eight ways for the whole batch."""
    mirror, upside_down, across = (
        torch.rand(3, generator=generator) < 0.5  # flips of width, of height; transpose
    ).tolist()
    axes = [axis for axis, flip in ((3, mirror), (2, upside_down)) if flip]
    small, large = small.flip(axes), large.flip(axes)
    return (small.mT, large.mT) if across else (small, large)
