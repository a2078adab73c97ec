"""How pictures are read: whole, or as squares of which each has a smaller copy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import ImageInput
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets
from zoo_restoration.srresnet import SCALE

__all__ = ["read_rows"]

Array = np.ndarray[Any, Any]


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: object
) -> TensorRows:
    """Return the squares of a set of pictures: small ones of the model's height, and as
    targets those of twice the size that they were made from.

    A picture is shrunk as a whole, and both are cut at the same places. What is left
    over at the right and at the bottom is in no square.
    """
    rows = datasets.load_dataset(name, split)
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    pairs = [
        pair
        for picture in rows["image"]
        for pair in _squares(picture.convert("RGB"), input_spec.height)
    ]
    small, large = (np.stack(part) for part in zip(*pairs, strict=True))
    content = {
        "small": (f"uint8{small.shape}", small.tobytes()),
        "large": (f"uint8{large.shape}", large.tobytes()),
    }
    return TensorRows(
        input=_channels_first(small),
        target=_channels_first(large),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )


def _squares(picture: Image.Image, side: int) -> Iterator[tuple[Array, Array]]:
    """Yield small squares of a picture, and large ones of the same places."""
    small, large = images.shrink(picture, SCALE)
    for top in range(0, small.height - side + 1, side):
        for left in range(0, small.width - side + 1, side):
            box = left, top, left + side, top + side
            twice = SCALE * left, SCALE * top, SCALE * box[2], SCALE * box[3]
            yield np.asarray(small.crop(box)), np.asarray(large.crop(twice))


def _channels_first(pixels: Array) -> Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
