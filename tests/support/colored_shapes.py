"""Pictures of coloured shapes on noise, their boxes in three forms of files, and their
masks in two."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

__all__ = [
    "LABELS",
    "Shapes",
    "mask_of",
    "shapes",
    "write_coco",
    "write_masks",
    "write_outlines",
    "write_voc",
    "write_yolo",
]

LABELS = ("circle", "square", "triangle")
SIZE = 160, 120
COLORS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#ffe119", "#00a8a8")

Box = tuple[int, int, int, int]


class Shapes(NamedTuple):
    """A picture, and the label and the box (xmin, ymin, xmax, ymax) of each shape."""

    picture: Image.Image
    objects: list[tuple[str, Box]]


def shapes(count: int, seed: int, size: tuple[int, int] = SIZE) -> list[Shapes]:
    """Return pictures with one to four shapes each, which do not overlap."""
    drawing, noise = random.Random(seed), np.random.default_rng(seed)
    return [_one(drawing, noise, size) for _ in range(count)]


def _one(
    drawing: random.Random, noise: np.random.Generator, size: tuple[int, int]
) -> Shapes:
    width, height = size
    ground = noise.integers(60, 200, (height, width, 1)).astype(np.uint8)
    picture = Image.fromarray(ground.repeat(3, axis=2))
    pen, objects = ImageDraw.Draw(picture), []
    for _ in range(drawing.randint(1, 4)):
        side = drawing.randint(height // 6, height // 3)
        left, top = (drawing.randint(0, full - side) for full in size)
        box = left, top, left + side, top + side
        if any(_touch(box, other) for _, other in objects):
            continue
        label = drawing.choice(LABELS)
        _draw(pen, label, box, drawing.choice(COLORS))
        objects.append((label, box))
    return Shapes(picture, objects)


def _touch(one: Box, other: Box) -> bool:
    return (
        max(one[0], other[0]) < min(one[2], other[2]) + 2
        and max(one[1], other[1]) < min(one[3], other[3]) + 2
    )


def _draw(pen: ImageDraw.ImageDraw, label: str, box: Box, color: str | int) -> None:
    left, top, right, bottom = box[0], box[1], box[2] - 1, box[3] - 1
    if label == "circle":
        pen.ellipse((left, top, right, bottom), fill=color)
    elif label == "square":
        pen.rectangle((left, top, right, bottom), fill=color)
    else:
        ends = [((left + right) / 2, top), (left, bottom), (right, bottom)]
        pen.polygon(ends, fill=color)


def write_coco(folder: Path, drawn: Sequence[Shapes]) -> Path:
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
        for label, (xmin, ymin, xmax, ymax) in one.objects:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": LABELS.index(label) + 1,
                    "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
                    "area": (xmax - xmin) * (ymax - ymin),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": n, "name": name} for n, name in enumerate(LABELS, 1)]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(whole, indent=1))
    return folder


def write_voc(folder: Path, drawn: Sequence[Shapes]) -> Path:
    """Write pictures to `JPEGImages`, and an XML file of each to `Annotations`."""
    for name in ("JPEGImages", "Annotations"):
        (folder / name).mkdir(parents=True)
    for number, one in enumerate(drawn):
        one.picture.save(folder / "JPEGImages" / f"{number:03}.png")
        width, height = one.picture.size
        objects = "".join(
            f"  <object>\n    <name>{label}</name>\n    <bndbox>\n"
            f"      <xmin>{xmin + 1}</xmin><ymin>{ymin + 1}</ymin>\n"
            f"      <xmax>{xmax}</xmax><ymax>{ymax}</ymax>\n    </bndbox>\n"
            "  </object>\n"
            for label, (xmin, ymin, xmax, ymax) in one.objects
        )
        (folder / "Annotations" / f"{number:03}.xml").write_text(
            f"<annotation>\n  <filename>{number:03}.png</filename>\n  <size>"
            f"<width>{width}</width><height>{height}</height><depth>3</depth></size>\n"
            f"{objects}</annotation>\n"
        )
    return folder


def write_yolo(folder: Path, drawn: Sequence[Shapes]) -> Path:
    """Write pictures to `images`, a text file of each to `labels`, and `data.yaml`."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for number, one in enumerate(drawn):
        one.picture.save(folder / "images" / f"{number:03}.png")
        width, height = one.picture.size
        lines = [
            f"{LABELS.index(label)} {(xmin + xmax) / 2 / width:.6f} "
            f"{(ymin + ymax) / 2 / height:.6f} {(xmax - xmin) / width:.6f} "
            f"{(ymax - ymin) / height:.6f}\n"
            for label, (xmin, ymin, xmax, ymax) in one.objects
        ]
        (folder / "labels" / f"{number:03}.txt").write_text("".join(lines))
    (folder / "data.yaml").write_text(
        f"train: images\nnc: {len(LABELS)}\nnames: [{', '.join(LABELS)}]\n"
    )
    return folder


def mask_of(one: Shapes) -> Image.Image:
    """Return which shape each pixel shows, by number from 1, 0 the ground."""
    mask = Image.new("L", one.picture.size)
    for number, (label, box) in enumerate(one.objects, 1):
        _draw(ImageDraw.Draw(mask), label, box, number)
    return mask


def write_masks(folder: Path, drawn: Sequence[Shapes]) -> Path:
    """Write pictures to `images`, and which shape each pixel shows to `masks`."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number, one in enumerate(drawn):
        one.picture.save(folder / "images" / f"{number:03}.png")
        mask_of(one).save(folder / "masks" / f"{number:03}.png")
    return folder


def write_outlines(folder: Path, drawn: Sequence[Shapes]) -> Path:
    """Write pictures, and `annotations.json` beside them: of circles the lengths of
    runs, and of the others polygons."""
    place = write_coco(folder, drawn) / "annotations.json"
    whole = json.loads(place.read_text())
    objects = [
        (label, box, np.asarray(mask_of(one)) == number)
        for one in drawn
        for number, (label, box) in enumerate(one.objects, 1)
    ]
    for made, (label, box, mask) in zip(whole["annotations"], objects, strict=True):
        xmin, ymin, xmax, ymax = box
        if label == "circle":
            column = mask.T.ravel()
            ends = np.flatnonzero(np.diff(column, prepend=False, append=False))
            counts = np.diff([0, *ends.tolist(), column.size]).tolist()
            made["segmentation"] = {"counts": counts, "size": [*mask.shape]}
        elif label == "square":
            ends = [xmin, ymin, xmax, ymin, xmax, ymax, xmin, ymax]
            made["segmentation"] = [ends]
        else:
            made["segmentation"] = [[(xmin + xmax) / 2, ymin, xmin, ymax, xmax, ymax]]
    place.write_text(json.dumps(whole))
    return folder
