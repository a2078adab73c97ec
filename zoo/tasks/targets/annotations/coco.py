"""Objects in COCO's form: one JSON file for many pictures.

A file has `images` (id, file_name, width, height), `annotations` (image_id,
category_id, and what is annotated) and `categories` (id, name). A box, `bbox`, is [x,
y, width, height] in pixels: its upper left corner, and its size. See
https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo._utils.shown import brief, cut
from zoo.errors import DataError
from zoo.tasks.targets.annotations.marks import CORNER_SIZE, Mark, Marked, numbers
from zoo.tasks.targets.annotations.text_files import read_text

__all__ = ["Category", "CocoFile", "ReadObject", "entry", "read_box", "read_coco"]

MOST_BYTES = 1 << 30
PARTS = ("images", "annotations", "categories")
SIDES = ("x", "y", "the width", "the height")
MANY = 8  # categories that an error names


@dataclass(frozen=True)
class Category:
    """A category of a file: its name, all that is written of it, and where."""

    label: str
    held: Mapping[str, Any] = field(repr=False)
    where: str


ReadObject = Callable[[Mapping[str, Any], Category, str], Any]
"""Returns an object, of its annotation, its category, and where that stands."""


@dataclass
class CocoFile:
    """What a file says: the objects by the name of their picture, in its order, and how
    many regions of crowds were left out."""

    name: str
    pictures: dict[str, Marked] = field(default_factory=dict)
    crowds: int = 0


def read_box(annotation: Mapping[str, Any], category: Category, where: str) -> Mark:
    """Return the box of an annotation. Raises DataError."""
    box = entry(annotation, "bbox", where)
    if not isinstance(box, list) or len(box) != 4:
        raise DataError(
            f"{where}: its bbox is {brief(box)}, and should be [x, y, width, height]."
        )
    return Mark(numbers(box, where, SIDES), CORNER_SIZE, category.label, where)


def read_coco(path: Path, name: str, read: ReadObject = read_box) -> CocoFile:
    """Return the annotations of a file, which messages call `name`; `read` makes an
    object of each.

    A crowd, one box around many objects (`iscrowd`), is left out. Raises DataError.
    """
    held = _json(path, name)
    categories = _categories(held["categories"], name)
    order = tuple(category.label for category in categories.values())
    found, by_id = CocoFile(name), dict[str, Marked]()
    for number, image in enumerate(held["images"], 1):
        where = f"{name}, image {number}"
        key, file_name = (entry(image, one, where) for one in ("id", "file_name"))
        if not isinstance(file_name, str) or not file_name:
            raise DataError(f"{where}: its file_name is {brief(file_name)}.")
        if str(key) in by_id:
            raise DataError(f"{where}: another image has the id {brief(key)} too.")
        if file_name in found.pictures:
            raise DataError(f"{where}: another image is {brief(file_name, 300)} too.")
        size = _size(image, where)
        marked = Marked([], size, where, order)
        found.pictures[file_name] = by_id[str(key)] = marked
    for number, annotation in enumerate(held["annotations"], 1):
        where = f"{name}, annotation {number}"
        if isinstance(annotation, Mapping) and "id" in annotation:
            where += f" (id {cut(str(annotation['id']), 60)})"
        key, category = (
            entry(annotation, one, where) for one in ("image_id", "category_id")
        )
        if str(key) not in by_id:
            raise DataError(f"{where}: no image has the id {brief(key)}.")
        if str(category) not in categories:
            known = cut(", ".join([*categories][:MANY]))
            raise DataError(
                f"{where}: no category has the id {brief(category)}. There "
                f"are: {known}."
            )
        if annotation.get("iscrowd"):
            found.crowds += 1
            continue
        mark = read(annotation, categories[str(category)], where)
        by_id[str(key)].marks.append(mark)  # type: ignore[attr-defined]
    return found


def _json(path: Path, name: str) -> Mapping[str, Sequence[Any]]:
    text = read_text(path, name, MOST_BYTES)
    try:
        held = json.loads(text)
    except json.JSONDecodeError as exc:
        at_end = exc.pos >= len(text.rstrip()) or exc.msg.startswith("Unterminated")
        cut = " It seems to be cut off." if at_end and text.strip() else ""
        raise DataError(
            f"{name}, line {exc.lineno}: it is not JSON ({exc.msg}).{cut}"
        ) from exc
    except RecursionError as exc:
        raise DataError(f"{name} is not JSON that is read: it is too deep.") from exc
    except ValueError as exc:
        raise DataError(f"{name} is not JSON that is read: {exc}.") from exc
    for part in PARTS:
        if not isinstance(held, Mapping) or not isinstance(held.get(part), list):
            raise DataError(
                f"{name} has no list {part!r}. A file of COCO's form has 'images', "
                "'annotations' and 'categories'."
            )
    known: Mapping[str, Sequence[Any]] = held
    return known


def _categories(held: Sequence[Any], name: str) -> dict[str, Category]:
    """Return the categories by their ids, in the order of these."""
    found: dict[Any, Category] = {}
    labels: set[str] = set()
    for number, category in enumerate(held, 1):
        where = f"{name}, category {number}"
        key, label = (entry(category, one, where) for one in ("id", "name"))
        if not isinstance(key, int | str) or key in found or str(label) in labels:
            raise DataError(
                f"{where}: another category has the id {brief(key)} or the name "
                f"{brief(label)} too."
            )
        found[key] = Category(str(label), category, where)
        labels.add(str(label))
    ordered = sorted(found, key=lambda key: (isinstance(key, str), key))
    return {str(key): found[key] for key in ordered}


def _size(image: Mapping[str, Any], where: str) -> tuple[int, int] | None:
    sides = image.get("width"), image.get("height")
    if not all(sides):  # a file may leave them out
        return None
    width, height = numbers(sides, where, ("its width", "its height"))
    return int(width), int(height)


def entry(held: Any, key: str, where: str) -> Any:
    """Return what an object of a file has under a key. Raises DataError."""
    if not isinstance(held, Mapping):
        raise DataError(f"{where} is {brief(held)}, and should be an object.")
    if held.get(key) is None:
        raise DataError(f"{where} has no {key!r}.")
    return held[key]
