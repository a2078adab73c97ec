"""The photographs of the set and those that ship with the models, as they are read."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import ImageInput, Run
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets
from zoo_segmentation.pets import DATASET

__all__ = ["BACKGROUND", "EXAMPLES", "example", "photographs", "read_rows"]

BACKGROUND = 2  # in the trimaps; 1 is the pet, 3 its outline, which counts as pet
EXAMPLES = ("cat.jpg", "coffee.jpg")


class Photograph(NamedTuple):
    """A photograph in color, its trimap, and the breed of its pet."""

    image: Image.Image
    trimap: Image.Image
    breed: str


def photographs(split: str, limit: int | None = None) -> list[Photograph]:
    """Return photographs at their own size.

    Some files of the set hold grays or a palette. With `limit` they are of all breeds.
    """
    rows = datasets.load_dataset(DATASET, split)
    if limit:
        rows = rows.select(range(0, len(rows), len(rows) // limit)[:limit])
    name = rows.features["label"].int2str
    return [
        Photograph(row["image"].convert("RGB"), row["mask"], name(row["label"]))
        for row in rows
    ]


def example(run: Run) -> Tensor:
    """Return the cat and the coffee that ship with the models, as prepared pixels: the
    golden is redistributed with the weights, and no photograph of the set may be."""
    expected: Any = run.spec.input
    folder = Path(__file__).with_name("examples")
    opened = [images.open_image(folder / name, expected) for name in EXAMPLES]
    return torch.stack([images.image_to_tensor(one, expected) for one in opened])


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return photographs in the model's frame, and masks: 1 where the pet or its
    outline is."""
    pixels, masks = [], []
    size = (input_spec.width, input_spec.height)
    for photo in photographs(split, first):
        pixels.append(np.asarray(images.fit_image(photo.image, input_spec)))
        small = photo.trimap.resize(size, Image.Resampling.NEAREST)
        masks.append(np.asarray(small) != BACKGROUND)
    image, mask = np.stack(pixels), np.stack(masks).astype(np.uint8)
    content = {
        "image": (f"uint8{image.shape}", image.tobytes()),
        "mask": (f"uint8{mask.shape}", mask.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(image).permute(0, 3, 1, 2).contiguous(),
        target=torch.from_numpy(mask),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )
