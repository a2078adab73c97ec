"""Photographs of flowers: grey ones, those in colour, and the kinds of the flowers."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import ImageInput
from zoo.recipes import Run, TensorRows
from zoo.recipes import data as datasets

__all__ = ["FLOWERS", "KINDS", "load_kinds", "load_photographs", "read_rows"]

FLOWERS = "flowers"
READER = "zoo_restoration.flowers:read_rows"
KINDS = 5
SMOKE_PICTURES = 8


def load_photographs(run: Run, split: str) -> TensorRows:
    """Return the middle of each photograph as bytes: grey, and as targets in colour."""
    first = SMOKE_PICTURES if run.smoke else None
    return run.load_rows(FLOWERS, split, reader=READER, first=first)[:first]


def load_kinds(run: Run, count: int) -> Tensor:
    """Return the number of the kind of each training photograph, (count,); in a smoke
    run, which may have no photographs, kinds in turn."""
    if run.smoke:
        return torch.arange(count) % KINDS
    return torch.tensor(datasets.load_dataset(FLOWERS, "train")["label"][:count])


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return the middle square of each photograph, in grey and in colour.

    Grey is Pillow's mode L, the luma of ITU-R BT.601, as `zoo.predict` opens pictures.
    """
    rows = datasets.load_dataset(name, split)
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    squares = [middle(one.convert("RGB"), input_spec.height) for one in rows["image"]]
    grey = np.stack([np.asarray(one.convert("L")) for one in squares])
    color = np.stack([np.asarray(one) for one in squares])
    content = {
        "grey": (f"uint8{grey.shape}", grey.tobytes()),
        "color": (f"uint8{color.shape}", color.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(grey)[:, None],
        target=torch.from_numpy(color).permute(0, 3, 1, 2).contiguous(),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )


def middle(picture: Image.Image, side: int) -> Image.Image:
    """Return the middle square of a picture, as wide and high as its shorter side, or
    brought to `side` where that differs."""
    shorter = min(picture.size)
    left, top = (picture.width - shorter) // 2, (picture.height - shorter) // 2
    square = picture.crop((left, top, left + shorter, top + shorter))
    if shorter == side:
        return square
    return square.resize((side, side), Image.Resampling.BICUBIC)
