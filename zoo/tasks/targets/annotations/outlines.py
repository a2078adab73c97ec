"""Masks of objects in COCO's form: outlines, or the lengths of runs of pixels.

A `segmentation` is a list of polygons, [x1, y1, x2, y2, ...] in pixels, whose union is
the object; or `counts`, how many pixels, column by column, are outside and inside in
turn, with the `size` (height, width). `counts` may be packed into a text, which
pycocotools unpacks. See https://cocodataset.org/#format-data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from zoo._utils.shown import brief
from zoo.errors import DataError
from zoo.tasks.targets.annotations.coco import Category, entry
from zoo.tasks.targets.annotations.marks import ROUNDING, numbers

__all__ = ["MaskMark", "read_outline"]

FINE = 4  # parts of a pixel's side in which a polygon is drawn
LEAST_NUMBERS = 6  # of a polygon: three corners
FORMS = (
    "polygons, [[x1, y1, x2, y2, ...], ...], or the lengths of runs, {'counts': ..., "
    "'size': [height, width]}"
)
PACKED = (
    "{where}: its counts are packed, and pycocotools, which unpacks them, is not "
    "installed: pip install pycocotools, or write polygons or a list of counts."
)


@dataclass(frozen=True)
class MaskMark:
    """One object: its segmentation as it is written, its label, and where that stands,
    for messages."""

    segmentation: Any = field(repr=False)
    label: str
    where: str

    def drawn(self, size: tuple[int, int]) -> Any:
        """Return which pixels of a picture of this width and height are the object's,
        (height, width). Raises DataError where none is, or some lie outside."""
        if isinstance(self.segmentation, Mapping):
            mask = _of_runs(self.segmentation, size, self.where)
        else:
            mask = _of_polygons(self.segmentation, size, self.where)
        if not mask.any():
            raise DataError(f"{self.where}: its segmentation has no pixel.")
        return mask


def read_outline(
    annotation: Mapping[str, Any], category: Category, where: str
) -> MaskMark:
    """Return the mask of an annotation of COCO's form. Raises DataError."""
    given = entry(annotation, "segmentation", where)
    if isinstance(given, Mapping):
        entry(given, "counts", f"{where}: its segmentation")
        entry(given, "size", f"{where}: its segmentation")
    elif not isinstance(given, list) or not given:
        raise DataError(f"{where}: its segmentation is {brief(given)}. Give {FORMS}.")
    else:
        for polygon in given:
            _check_polygon(polygon, where)
    return MaskMark(given, category.label, where)


def _check_polygon(polygon: Any, where: str) -> None:
    few = not isinstance(polygon, list) or len(polygon) < LEAST_NUMBERS
    if few or len(polygon) % 2:
        raise DataError(
            f"{where}: a polygon of its segmentation is {brief(polygon)}, and should "
            "be x and y of three corners at least: [x1, y1, x2, y2, x3, y3]."
        )
    names = ["a corner of its segmentation"] * len(polygon)
    numbers(polygon, where, names)


def _of_polygons(polygons: Sequence[Any], size: tuple[int, int], where: str) -> Any:
    """Return the pixels whose centres are in one of the polygons, (height, width)."""
    width, height = size
    inside = np.zeros((height, width), dtype=bool)
    for polygon in polygons:
        ends = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
        beyond = max(-ends.min(), *(ends.max(axis=0) - size))
        if beyond > ROUNDING:
            raise DataError(
                f"{where}: its segmentation is not inside its picture, which is "
                f"{width}x{height}."
            )
        left, top = np.floor(ends.min(axis=0)).clip(min=0).astype(int).tolist()
        right, bottom = np.ceil(ends.max(axis=0)).clip(max=size).astype(int).tolist()
        if left >= right or top >= bottom:
            continue
        # Pillow fills the border's pixels too, so it draws on finer ones.
        fine = Image.new("1", (FINE * (right - left), FINE * (bottom - top)))
        places = FINE * (ends - [left, top]) - 0.5
        ImageDraw.Draw(fine).polygon([(x, y) for x, y in places.tolist()], fill=1)
        centers = np.asarray(fine)[FINE // 2 :: FINE, FINE // 2 :: FINE]
        inside[top:bottom, left:right] |= centers
    return inside


def _of_runs(given: Mapping[str, Any], size: tuple[int, int], where: str) -> Any:
    width, height = size
    counts, said = given["counts"], given["size"]
    if not isinstance(said, list) or said != [height, width]:
        raise DataError(
            f"{where}: the size of its segmentation is {brief(said)}, and its picture "
            f"has [{height}, {width}], the height and the width."
        )
    if isinstance(counts, str | bytes):
        return _unpacked(given, where)
    right = isinstance(counts, list) and all(type(n) is int and n >= 0 for n in counts)
    if not right or sum(counts) != width * height:
        raise DataError(
            f"{where}: the counts of its segmentation should be whole numbers whose "
            f"sum is {width * height:,}, all pixels of its picture."
        )
    inside = np.arange(len(counts)) % 2 == 1
    return np.repeat(inside, counts).reshape(width, height).T


def _unpacked(given: Mapping[str, Any], where: str) -> Any:
    try:
        masks = import_module("pycocotools.mask")
    except ImportError as exc:
        raise DataError(PACKED.format(where=where)) from exc
    counts = given["counts"]
    packed = counts.encode() if isinstance(counts, str) else counts
    try:
        return masks.decode({"counts": packed, "size": given["size"]}).astype(bool)
    except (ValueError, TypeError, MemoryError) as exc:
        raise DataError(
            f"{where}: the counts of its segmentation can't be unpacked."
        ) from exc
