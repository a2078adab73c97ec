"""Pictures of a triangle on noise, and its corners in two forms of files."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

__all__ = [
    "CORNERS",
    "Triangle",
    "triangles",
    "write_point_table",
    "write_points_coco",
]

CORNERS = ("top", "left foot", "right foot")
SIZE = 160, 120
COLORS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#ffe119", "#00a8a8")


class Triangle(NamedTuple):
    """A picture, and the corners of its triangle in pixels, in the order of CORNERS."""

    picture: Image.Image
    corners: tuple[tuple[int, int], ...]


def triangles(count: int, seed: int, size: tuple[int, int] = SIZE) -> list[Triangle]:
    """Return pictures with one triangle each, anywhere, its top above its feet."""
    drawing, noise = random.Random(seed), np.random.default_rng(seed)
    return [_one(drawing, noise, size) for _ in range(count)]


def _one(
    drawing: random.Random, noise: np.random.Generator, size: tuple[int, int]
) -> Triangle:
    width, height = size
    ground = noise.integers(60, 200, (height, width, 1)).astype(np.uint8)
    picture = Image.fromarray(ground.repeat(3, axis=2))
    wide, high = (drawing.randint(full // 3, full // 2) for full in size)
    left, top = (
        drawing.randint(5, width - wide - 5),
        drawing.randint(5, height // 2 - 5),
    )
    corners = (
        (left + drawing.randint(wide // 4, 3 * wide // 4), top),
        (left, top + high - drawing.randint(0, high // 3)),
        (left + wide, top + high - drawing.randint(0, high // 3)),
    )
    ImageDraw.Draw(picture).polygon(corners, fill=drawing.choice(COLORS))
    return Triangle(picture, corners)


def write_points_coco(folder: Path, drawn: Sequence[Triangle]) -> Path:
    """Write pictures, and `annotations.json` beside them."""
    folder.mkdir(parents=True)
    images, annotations = [], []
    for number, one in enumerate(drawn):
        name = f"{number:03}.png"
        one.picture.save(folder / name)
        width, height = one.picture.size
        images.append(
            {"id": number, "file_name": name, "width": width, "height": height}
        )
        annotations.append(
            {
                "id": number + 1,
                "image_id": number,
                "category_id": 1,
                "keypoints": [end for x, y in one.corners for end in (x, y, 2)],
                "num_keypoints": len(one.corners),
                "iscrowd": 0,
            }
        )
    category = {
        "id": 1,
        "name": "triangle",
        "keypoints": [*CORNERS],
        "skeleton": [[1, 2], [2, 3], [3, 1]],
    }
    whole = {"images": images, "annotations": annotations, "categories": [category]}
    (folder / "annotations.json").write_text(json.dumps(whole, indent=1))
    return folder


def write_point_table(folder: Path, drawn: Sequence[Triangle]) -> Path:
    """Write pictures, and `points.csv` beside them; return the table."""
    folder.mkdir(parents=True)
    with (folder / "points.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["image", *(f"{name}_{axis}" for name in CORNERS for axis in "xy")]
        )
        for number, one in enumerate(drawn):
            name = f"{number:03}.png"
            one.picture.save(folder / name)
            table.writerow([name, *(end for corner in one.corners for end in corner)])
    return folder / "points.csv"
