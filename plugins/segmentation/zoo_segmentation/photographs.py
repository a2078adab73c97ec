"""The photographs of the sets and those that ship with the models, as they are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import ImageInput, Run
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets
from zoo_segmentation.losses import IGNORED
from zoo_segmentation.pets import DATASET
from zoo_segmentation.streets import DATASET as STREETS

__all__ = [
    "BINARY",
    "EXAMPLES",
    "STREET",
    "STREET_EXAMPLES",
    "TRIMAP",
    "Photograph",
    "example",
    "photographs",
    "read_rows",
    "read_streets",
    "read_trimaps",
    "street_example",
    "streets",
]

# The class of a pixel by its number in a mask of the set. In a trimap 1 is the pet, 2
# the background and 3 the outline; in CamVid 11 is unlabelled.
BINARY = (0, 1, 0, 1)
TRIMAP = (0, 1, 0, 2)
STREET = (*range(11), IGNORED)
EXAMPLES = ("cat.jpg", "coffee.jpg")
STREET_EXAMPLES = ("street.jpg", "temple.jpg")


class Photograph(NamedTuple):
    """A photograph in color, its mask, and the breed of its pet, if it shows one."""

    image: Image.Image
    mask: Image.Image
    breed: str = ""


def photographs(
    split: str, limit: int | None = None, *, dataset: str = DATASET
) -> list[Photograph]:
    """Return photographs of pets at their own size, with their trimaps.

    Some files of the set hold grays or a palette. With `limit` they are of all breeds.
    """
    rows = datasets.load_dataset(dataset, split)
    name = rows.features["label"].int2str
    return [
        Photograph(row["image"].convert("RGB"), row["mask"], name(row["label"]))
        for row in _few(rows, limit)
    ]


def streets(split: str, limit: int | None = None) -> list[Photograph]:
    """Return pictures of streets at their own size, with their masks; with `limit` of
    all drives."""
    rows = datasets.load_dataset(STREETS, split)
    return [
        Photograph(row["image"].convert("RGB"), row["mask"])
        for row in _few(rows, limit)
    ]


def _few(rows: Any, limit: int | None) -> Any:
    """Return rows from everywhere in a dataset, or all of them."""
    if not limit:
        return rows
    return rows.select(range(0, len(rows), max(1, len(rows) // limit))[:limit])


def example(run: Run) -> Tensor:
    """Return the cat and the coffee that ship with the models, as prepared pixels: the
    golden is redistributed with the weights, and no photograph of the set may be."""
    return _prepared(run, EXAMPLES)


def street_example(run: Run) -> Tensor:
    """Return the street that ships with the model, as prepared pixels: one is enough
    for a golden with eleven numbers for each of its pixels."""
    return _prepared(run, STREET_EXAMPLES[:1])


def _prepared(run: Run, names: Sequence[str]) -> Tensor:
    expected: Any = run.spec.input
    folder = Path(__file__).with_name("examples")
    opened = [images.open_image(folder / name, expected) for name in names]
    return torch.stack([images.image_to_tensor(one, expected) for one in opened])


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return photographs in the model's frame, and masks: 1 where the pet or its
    outline is."""
    return _stacked(f"{name}/{split}", photographs(split, first), BINARY, input_spec)


def read_trimaps(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return photographs in the model's frame, and masks: 1 where the pet is, 2 where
    its outline is."""
    return _stacked(f"{name}/{split}", photographs(split, first), TRIMAP, input_spec)


def read_streets(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return pictures of streets in the model's frame, and masks: the number of a
    class, and 255 where a pixel is of none."""
    return _stacked(f"{name}/{split}", streets(split, first), STREET, input_spec)


def _stacked(
    source: str,
    photos: Sequence[Photograph],
    numbers: Sequence[int],
    input_spec: ImageInput,
) -> TensorRows:
    """Return photographs and masks as tensors; `numbers` has the class of a pixel by
    its value in the mask."""
    size = (input_spec.width, input_spec.height)
    class_of = np.array(numbers, dtype=np.uint8)
    pixels, masks = [], []
    for photo in photos:
        pixels.append(np.asarray(images.fit_image(photo.image, input_spec)))
        small = photo.mask.resize(size, Image.Resampling.NEAREST)
        masks.append(class_of[np.asarray(small)])
    image, mask = np.stack(pixels), np.stack(masks)
    content = {
        "image": (f"uint8{image.shape}", image.tobytes()),
        "mask": (f"uint8{mask.shape}", mask.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(image).permute(0, 3, 1, 2).contiguous(),
        target=torch.from_numpy(mask),
        source=source,
        fingerprint=datasets.fingerprint(content),
    )
