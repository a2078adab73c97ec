"""From label maps, pictures in which a colour is a label, to the tensor of a model."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

from zoo.runtime.image import encode
from zoo.runtime.image import read as read_pictures
from zoo.runtime.input_errors import InputError

__all__ = ["encode", "label_map", "read"]

OTHER_COLOR = 48  # levels of a channel by which a colour is none of a label's
FLAT = 8  # levels by which neighbours differ in an area of one colour
MAX_FLAT_SHARE, MAX_SHARE = 0.02, 0.5  # of a label map: areas of others; all others


def read(raw: Any, input_spec: Any) -> tuple[list[Image.Image], bool]:
    """Return paths or PIL images as label maps, and whether it was only one."""
    opened, single = read_pictures(raw, input_spec)
    return [label_map(one, input_spec.label_colors) for one in opened], single


def label_map(picture: Image.Image, label_colors: Iterable[Any]) -> Image.Image:
    """Return a picture with each pixel in the nearest of the labels' colours.

    Where two colours meet, a picture that was resized or stored as JPEG has mixtures of
    them. Raises InputError where areas have another colour.
    """
    colors = np.array([one.color for one in label_colors], dtype=np.int16)
    pixels = np.asarray(picture, dtype=np.int16)
    nearest = np.zeros(pixels.shape[:2], dtype=np.int64)
    distance = np.full(pixels.shape[:2], 256)
    for number, color in enumerate(colors):
        from_color = np.abs(pixels - color).max(axis=2)
        nearest[from_color < distance] = number
        distance = np.minimum(distance, from_color)
    other = distance > OTHER_COLOR
    area = other & _flat_areas(pixels)
    if area.mean() > MAX_FLAT_SHARE or other.mean() > MAX_SHARE:
        shown = pixels[area] if area.any() else pixels[other]
        found, counts = np.unique(shown, axis=0, return_counts=True)
        color = tuple(map(int, found[counts.argmax()]))
        problem = (
            f"The picture is no label map: {other.mean():.0%} of its pixels have the "
            f"colour of no label, such as {color}."
        )
        labels = ", ".join(f"{one.label} {tuple(one.color)}" for one in label_colors)
        raise InputError(
            problem, f"a label map, which has these colours alone: {labels}"
        )
    return Image.fromarray(colors[nearest].astype(np.uint8))


def _flat_areas(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return which pixels, (height, width), look like those beside them and below."""
    down, right = (np.abs(np.diff(pixels, axis=axis)).max(axis=2) for axis in (0, 1))
    flat_down = np.pad(down <= FLAT, ((0, 1), (0, 0)), mode="constant")
    flat_right = np.pad(right <= FLAT, ((0, 0), (0, 1)), mode="constant")
    flat: np.ndarray[Any, Any] = flat_down & flat_right
    return flat
