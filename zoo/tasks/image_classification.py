"""A picture in, one label out. The Hub's tag is image-classification."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import images
from zoo.errors import InputError
from zoo.results import Result
from zoo.specs import ClassOutput, ImageInput
from zoo.tasks import _classes

__all__ = ["batch", "items", "measure", "opened", "results", "suspicion"]

THUMBNAIL = 224  # pixels: what a result keeps of its picture

measure = _classes.measure


def items(raw: Any, expected: ImageInput) -> tuple[list[Any], bool]:
    """Take a picture or a list of pictures, or a batch as tensor or array."""
    if isinstance(raw, Tensor):
        if raw.ndim == 4:
            return list(raw), False
        return [raw], True
    if isinstance(raw, np.ndarray) and raw.ndim == 4:
        return list(raw), False
    if isinstance(raw, (list, tuple)):
        if not raw:
            raise InputError("The list is empty.", images.describe(expected))
        return list(raw), False
    return [raw], True


def opened(items: list[Any], expected: ImageInput) -> list[Any]:
    """Open pictures; float tensors are taken as prepared already."""
    if any(isinstance(item, Tensor) for item in items):
        return [_checked(item, expected) for item in items]
    return [images.open_image(item, expected) for item in items]


def batch(opened: list[Any], expected: ImageInput, *, invert: bool = False) -> Tensor:
    """Return opened pictures as (B, channels, height, width)."""
    if isinstance(opened[0], Tensor):
        return torch.stack(opened)
    return images.stack(opened, expected, invert=invert)


def suspicion(batch: Tensor, expected: ImageInput) -> str | None:
    """See `zoo.images.suspicion`."""
    return images.suspicion(batch, expected)


def results(output: Tensor, opened: list[Any], meaning: ClassOutput) -> list[Result]:
    """Return labels, each with a small copy of its picture."""
    return _classes.results(output, [_thumbnail(item) for item in opened], meaning)


def _checked(item: Any, expected: ImageInput) -> Tensor:
    shape = (expected.channels, expected.height, expected.width)
    if not isinstance(item, Tensor):
        problem = f"A {type(item).__name__} stands among tensors."
        raise InputError(problem, images.describe(expected))
    if tuple(item.shape) != shape:
        problem = f"The tensor has shape {tuple(item.shape)}, not {shape}."
        raise InputError(problem, images.describe(expected))
    if not item.dtype.is_floating_point:
        problem = f"The tensor has type {item.dtype}; prepared pixels are floats."
        raise InputError(problem, images.describe(expected))
    if not item.isfinite().all():
        raise InputError("The tensor holds NaN or infinity.", images.describe(expected))
    return item.float()


def _thumbnail(item: Any) -> Image.Image | None:
    if isinstance(item, Tensor):
        return None
    small: Image.Image = item.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return small
