"""Masks of single objects that answer which of them each pixel of a picture shows:
paired or outlined, read, checked, numbered.

A mask is as large as its picture, and its values are numbers of objects, 0 the ground;
or a file of COCO's form has an outline of each object.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.preprocessing.image import fitted_mask
from zoo.specs import ImageInput, Input, InstanceOutput
from zoo.tasks.targets.annotations.folder import (
    CocoForm,
    folder_of,
    read_coco_folder,
)
from zoo.tasks.targets.annotations.marks import Marked
from zoo.tasks.targets.annotations.outlines import MaskMark, read_outline
from zoo.tasks.targets.annotations.sizes import pixel_size
from zoo.tasks.targets.base import Kinds, Rows, Targets, some
from zoo.tasks.targets.boxes import label_names, label_number
from zoo.tasks.targets.classes import check_case
from zoo.tasks.targets.files import picture_size
from zoo.tasks.targets.masks import paired, pairs, read_values

__all__ = ["InstanceMask", "InstanceTargets"]

MASKS = "masks", "A mask"  # in messages
STAND_INS = 2  # objects in a picture of a test
UNNAMED = "object"  # the label of objects that are only numbered
MOST_OBJECTS = (1 << 15) - 1  # of a picture
HIDDEN = 0.1  # of an object, from which it is said that others lie on it
FORM = CocoForm(
    read_outline,
    frozenset({"coco", "annotations", "annotation", "instances"}),
    ("captions", "person_keypoints", "keypoints", "panoptic", "stuff", "image"),
)


@dataclass(frozen=True, kw_only=True)
class InstanceMask:
    """The objects of one picture, not drawn yet.

    `source` is a mask, or outlines of the objects. `labels` has the number of the label
    of each object, in order, and `seal` is the SHA-256 of which object each pixel
    shows.
    """

    source: Any = field(repr=False, compare=False)
    size: tuple[int, int]
    name: str = field(repr=False, compare=False)
    labels: tuple[int, ...]
    seal: str

    def opened(self) -> Any:
        """Return the number of the object at each pixel, from 1, or 0, (height,
        width)."""
        if isinstance(self.source, Marked):
            return _drawn(self.source.marks, self.size).numbers
        return _numbered(self.source, self.name)


class InstanceTargets(Targets[InstanceOutput]):
    """Each target is a map, (2, height, width): the number of the object at each pixel,
    from 1, or 0 for the ground; and the number of that object's label."""

    column_names = ("mask", "masks", "instances", "segmentation", "annotation")
    pictures = True
    file_suffixes = (".json",)

    def folder_of(self, file: Path) -> Path:
        return folder_of(file)

    def read_splits(self, place: Path, input_spec: Input) -> dict[str, Rows] | None:
        """Return the pictures of a folder with the outlines in its JSON files; None of
        one with masks."""
        if place.is_file() or not pairs(place):
            return read_coco_folder(place, input_spec, FORM)
        if files := sorted(place.glob("*.json")):
            raise DataError(
                f"{place} holds masks in 2 forms: pictures (masks) and a JSON file "
                f"({files[0].name}). Which are meant can't be told: keep those of one."
            )
        return None

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        """Return the pictures of `folder`/images with the masks of the same names in
        `folder`/masks."""
        if not pairs(folder):
            raise DataError(
                f"{folder} has no masks. Put beside its pictures a JSON file of COCO's "
                "form with a segmentation of each object (annotations.json); or put "
                "pictures into images, and for each a mask of the same name, whose "
                "values are numbers of objects, into masks."
            )
        return paired(folder, input_spec)

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Objects that are only numbered have one label: that of `labels`, or
        "object"."""
        rows = [row for part in parts.values() for row in part.targets]
        outlined = [row for row in rows if isinstance(row, Marked)]
        if outlined:
            names = label_names(outlined, labels, known)
        else:
            names = (UNNAMED,) if labels is None else tuple(map(str, labels))
            if len(names) != 1:
                raise DataError(
                    f"{source}: its masks number objects and do not name them, and "
                    f"there are {len(names)} labels: {some(names)}. Give outlines in a "
                    "file of COCO's form, where each object has a category."
                )
        check_case(source, names)
        for name, part in parts.items():
            part.targets, notes = _checked(source, name, part, names)
            part.notes = [*part.notes, *notes]
        targets = [target for part in parts.values() for target in part.targets]
        if not any(target.labels for target in targets):
            raise DataError(
                f"{source}: no picture has an object, so there is nothing to find."
            )
        return names

    def counts(self, targets: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
        """Return how many objects are of each label."""
        counted = Counter(number for target in targets for number in target.labels)
        return {label: counted[number] for number, label in enumerate(labels)}

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: InstanceOutput
    ) -> Tensor:
        """Return maps, (rows, 2, height, width), brought to the model's frame as the
        pictures are, by the nearest pixel. An object that has no pixel left there is
        not counted."""
        frame = cast(ImageInput, input_spec)
        found = []
        for target in targets:
            number = fitted_mask(target.opened().astype(np.int32), frame)
            kept = number.unique().long()
            kept = kept[kept > 0]
            place = torch.zeros(len(target.labels) + 1, dtype=torch.int16)
            place[kept] = torch.arange(1, len(kept) + 1, dtype=torch.int16)
            label = torch.tensor((0, *target.labels), dtype=torch.int16)
            found.append(torch.stack([place[number.long()], label[number.long()]]))
        return torch.stack(found)

    def synthetic(
        self, output_spec: InstanceOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        height, width = given.shape[-2:]
        target = torch.zeros(len(given), 2, height, width, dtype=torch.uint8)
        labels = torch.randint(
            len(output_spec.labels), (len(given), STAND_INS), generator=random
        )
        for number in range(STAND_INS):  # beside each other, a third of the picture
            left = number * width // 2
            part = slice(height // 4, 3 * height // 4), slice(left, left + width // 3)
            target[:, 0, part[0], part[1]] = number + 1
            target[:, 1, part[0], part[1]] = labels[:, number, None, None].byte()
        return target

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: InstanceOutput
    ) -> Kinds:
        """In the middle of each picture is an object, an eighth as wide and as high:
        near the most that the rows hold, or near the least, in turn."""
        height, width = drawn.shape[-2:]
        y, x = torch.arange(height) * 16 // height, torch.arange(width) * 16 // width
        inside = ((y == 7) | (y == 8))[:, None] & ((x == 7) | (x == 8))
        kinds = [row % 2 for row in range(len(drawn))]
        ends = torch.stack([drawn.min() if kind else drawn.max() for kind in kinds])
        shown = torch.where(inside, ends.view(-1, 1, 1, 1), drawn.mean())
        targets = tuple(
            InstanceMask(
                source=inside.byte().numpy(),
                size=(width, height),
                name=f"row {row}",
                labels=(kind,),
                seal="",
            )
            for row, kind in enumerate(kinds)
        )
        items = 0.3 * drawn + 0.7 * shown
        return Kinds(items=items, targets=targets, labels=("bright", "dark"))


def _numbered(raw: Any, name: str) -> Any:
    """Return the values of a mask as numbers from 1 in their order, 0 staying 0."""
    values = read_values(raw, name, most=(1 << 16) - 1)
    known = np.unique(values)
    return np.searchsorted(known[known > 0], values, side="right")


@dataclass(frozen=True)
class _Drawing:
    """Objects drawn onto each other: which of them each pixel shows, (height, width),
    numbered from 1 without those that are covered whole; which are left; and which are
    hidden by more than a tenth."""

    numbers: Any
    left: list[int]
    hidden: list[int]


def _drawn(marks: Sequence[MaskMark], size: tuple[int, int]) -> _Drawing:
    whole = np.zeros((size[1], size[0]), dtype=np.int32)
    areas = []
    for number, mark in enumerate(marks, 1):
        mask = mark.drawn(size)
        areas.append(int(mask.sum()))
        whole[mask] = number
    seen = np.bincount(whole.ravel(), minlength=len(marks) + 1)[1:].tolist()
    left = [n for n, pixels in enumerate(seen) if pixels]
    hidden = [n for n, area in enumerate(areas) if seen[n] < (1 - HIDDEN) * area]
    place = np.zeros(len(marks) + 1, dtype=np.int32)
    place[[n + 1 for n in left]] = range(1, len(left) + 1)
    return _Drawing(place[whole], left, hidden)


def _checked(
    source: str, part: str, rows: Rows, names: Sequence[str]
) -> tuple[list[InstanceMask], list[str]]:
    """Return the objects of rows, and what is said of them. Raises DataError."""
    places = {name: number for number, name in reversed([*enumerate(names)])}
    found: list[InstanceMask] = []
    hidden: list[str] = []
    for row, given in enumerate(rows.targets):
        if isinstance(given, Marked):
            found.append(_outlined(rows, row, given, places, hidden))
        else:
            found.append(_masked(source, rows, row, given))
    of = f"{part} pictures" if part else "pictures"
    notes = []
    if hidden:
        are = "1 object is" if len(hidden) == 1 else f"{len(hidden):,} objects are"
        notes.append(
            f"{source}: {are} hidden by later ones by more than a tenth, the first at "
            f"{hidden[0]}. Where objects overlap, the later one lies on top."
        )
    if empty := sum(not one.labels for one in found):
        shows = "shows" if empty == 1 else "show"
        notes.append(
            f"{source}: {empty:,} of {len(found):,} {of} {shows} no object, as it is "
            "annotated."
        )
    single = all(len(one.labels) < 2 for one in found)
    if single and not any(isinstance(one.source, Marked) for one in found):
        notes.append(
            f"{source}: no mask has two numbers beside 0, so each of the {of} shows "
            "one object at most. Give every object a number of its own."
        )
    return found, notes


def _outlined(
    rows: Rows, row: int, given: Marked, places: Mapping[str, int], hidden: list[str]
) -> InstanceMask:
    """Return the outlined objects of a row, and add where those stand that others
    hide."""
    size = pixel_size(rows, row, given, MASKS)
    if picture_size(rows.items[row]) is None:  # which is reported later
        return _made(Marked(), _drawn((), (1, 1)).numbers, (), rows.names[row])
    numbers = [label_number(mark, places) for mark in given.marks]
    drawing = _drawn(given.marks, size)
    hidden += [given.marks[number].where for number in drawing.hidden]
    labels = tuple(numbers[number] for number in drawing.left)
    return _made(given, drawing.numbers, labels, rows.names[row])


def _masked(source: str, rows: Rows, row: int, raw: Any) -> InstanceMask:
    """Return the numbered objects of a row."""
    name = rows.names[row]
    values = _numbered(raw, name)
    size, expected = values.shape[::-1], picture_size(rows.items[row])
    if expected is not None and size != expected:
        raise DataError(
            f"{source}: the mask of {name} is {size[0]}x{size[1]}, and its picture is "
            f"{expected[0]}x{expected[1]}. Make masks as large as their pictures, by "
            "the nearest pixel."
        )
    return _made(raw, values, (0,) * int(values.max()), name)


def _made(
    source: Any, numbers: Any, labels: tuple[int, ...], name: str
) -> InstanceMask:
    if len(labels) > MOST_OBJECTS:
        raise DataError(
            f"The mask of {name} has {len(labels):,} objects; {MOST_OBJECTS:,} are "
            "read at most."
        )
    height, width = numbers.shape
    content = f"{numbers.shape}".encode() + numbers.astype(np.int32).tobytes()
    return InstanceMask(
        source=source,
        size=(width, height),
        name=name,
        labels=labels,
        seal=hashlib.sha256(content).hexdigest(),
    )
