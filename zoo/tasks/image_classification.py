"""A picture in, one label out. The Hub's tag is image-classification."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo.errors import InputError
from zoo.preprocessing import image as images
from zoo.specs import ClassOutput, ImageInput
from zoo.tasks import _classification as _classes
from zoo.tasks.results.vision import Result

__all__ = [
    "batch",
    "items",
    "loss",
    "measure",
    "opened",
    "results",
    "scores",
    "suspicion",
    "thumbnail",
]

THUMBNAIL = 224  # pixels: what a result keeps of its picture

loss, measure, scores = _classes.loss, _classes.measure, _classes.scores


def items(raw: Any, input_spec: ImageInput) -> tuple[list[Any], bool]:
    """Take a picture or a list of pictures, or a batch as tensor or array."""
    batched = isinstance(raw, (Tensor, np.ndarray)) and raw.ndim == 4
    if not batched and not isinstance(raw, (list, tuple)):
        return [raw], True
    found = list(raw)
    if not found:
        what = "batch" if batched else "list"
        raise InputError(f"The {what} is empty.", images.describe(input_spec))
    return found, False


def opened(item: Any, input_spec: ImageInput) -> Any:
    """Open a picture; a float tensor is taken as prepared already."""
    if isinstance(item, Tensor):
        return _checked(item, input_spec)
    return images.open_image(item, input_spec)


def batch(opened: list[Any], input_spec: ImageInput, *, invert: bool = False) -> Tensor:
    """Return opened pictures as (B, channels, height, width)."""
    prepared = [
        one if isinstance(one, Tensor) else images.pixels(one, input_spec)
        for one in opened
    ]
    stacked = torch.stack(prepared)
    return images.inverted(stacked, input_spec) if invert else stacked


def suspicion(batch: Tensor, input_spec: ImageInput) -> tuple[str, str] | None:
    """See `zoo.preprocessing.image.suspicion`."""
    return images.suspicion(batch, input_spec)


def results(
    output: Tensor, opened: list[Any], output_spec: ClassOutput
) -> list[Result]:
    """Return labels, each with a small copy of its picture."""
    return _classes.results(output, [thumbnail(item) for item in opened], output_spec)


def _checked(item: Tensor, input_spec: ImageInput) -> Tensor:
    shape = (input_spec.channels, input_spec.height, input_spec.width)
    if tuple(item.shape) != shape:
        problem = f"The tensor has shape {tuple(item.shape)}, not {shape}."
        raise InputError(problem, images.describe(input_spec))
    if not item.dtype.is_floating_point:
        problem = f"The tensor has type {item.dtype}; prepared pixels are floats."
        raise InputError(problem, images.describe(input_spec))
    if not item.isfinite().all():
        raise InputError(
            "The tensor holds NaN or infinity.", images.describe(input_spec)
        )
    return item.detach().cpu().float()


def thumbnail(item: Any) -> Image.Image | None:
    """Return a small copy of an opened picture; of prepared pixels none."""
    if isinstance(item, Tensor):
        return None
    small: Image.Image = item.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return small
