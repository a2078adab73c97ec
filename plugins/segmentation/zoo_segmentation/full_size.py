"""Masks as large as their photographs, as `zoo.predict` gives them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import zoo
from zoo.recipes.metrics import overlap
from zoo.results import image_grid, png
from zoo_segmentation.losses import IGNORED
from zoo_segmentation.photographs import Photograph

__all__ = ["draw_examples", "full_size_ious"]

BATCH_SIZE = 50
SIZE = (300, 200)  # pixels of an example in the figure


def full_size_ious(
    model: nn.Module, photos: Sequence[Photograph], numbers: Sequence[int]
) -> Tensor:
    """Return the IoU of each class, (classes,), over the pixels of all photographs.

    `numbers` has the class of a pixel by its value in the annotated mask; 255 is of
    none, and counts nowhere. A class in neither mask has no IoU: NaN.
    """
    images = [one.image for one in photos]
    results: Any = zoo.predict(model, images, batch_size=BATCH_SIZE)
    class_of = np.array(numbers, dtype=np.uint8)
    counts = torch.zeros(2, len(results[0].known)).double()
    for one, photo in zip(results, photos, strict=True):
        target = torch.from_numpy(class_of[np.asarray(photo.mask)])
        found = torch.from_numpy(np.array(one.mask))
        found = found.masked_fill(target == IGNORED, IGNORED)
        counts += torch.cat(overlap(found[None], target[None], counts.shape[1]))
    shared, either = counts
    iou: Tensor = shared / either
    return iou


def draw_examples(model: nn.Module, names: Sequence[str]) -> bytes:
    """Return the pictures that ship with a model, each with its mask beside it."""
    folder = Path(__file__).with_name("examples")
    results: Any = [zoo.predict(model, folder / name) for name in names]
    drawn = []
    for one in results:
        pictures = one.picture.convert("RGB"), one.render()
        drawn += [picture.resize(SIZE) for picture in pictures]
    return png(image_grid(drawn, columns=2))
