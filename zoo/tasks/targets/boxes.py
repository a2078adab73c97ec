"""Boxes that answer what objects a picture shows, and where: read, checked, numbered by
label.

`zoo.tasks.targets.annotations` reads the forms that they are written in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError, near
from zoo.runtime.boxes import NO_BOX
from zoo.specs import BoxOutput, Input
from zoo.tasks.targets.annotations.columns import read_columns
from zoo.tasks.targets.annotations.folder import SUFFIXES, folder_of, read_annotated
from zoo.tasks.targets.annotations.marks import CENTER_SIZE, CORNER_SIZE, Mark, Marked
from zoo.tasks.targets.annotations.outlines import MaskMark
from zoo.tasks.targets.annotations.sizes import pixel_size
from zoo.tasks.targets.base import Kinds, Rows, Targets, some
from zoo.tasks.targets.classes import check_case

__all__ = ["BoxTargets", "Boxes", "label_names", "label_number"]

BOXES = "boxes", "A box"  # in messages
ENOUGH_BOXES = 5  # to say that all of them look like another form
OBJECTS = 3  # of a stand-in row
MOST_DIGITS = 9  # of a label that is a number


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """The objects of a picture: their ends (xmin, ymin, xmax, ymax) as shares of it,
    and the numbers of their labels."""

    boxes: tuple[tuple[float, ...], ...]
    labels: tuple[int, ...]


class BoxTargets(Targets[BoxOutput]):
    """Each target is the objects of a picture; see `zoo.runtime.boxes`."""

    column_names = ("objects", "boxes", "annotations")
    dataset_labels = True
    own_columns = True
    file_suffixes = SUFFIXES

    def folder_of(self, file: Path) -> Path:
        return folder_of(file)

    def read_splits(self, place: Path, input_spec: Input) -> dict[str, Rows]:
        """Return the pictures of a folder, with what is written beside them."""
        return read_annotated(place, input_spec)

    def read_columns(
        self,
        source: str,
        rows: Any,
        picture: str,
        target: str | None,
        places: Sequence[str],
    ) -> list[tuple[int, Any]]:
        """Return the objects of each picture of a table, with its first row."""
        found = read_columns(source, rows, picture, target, places)
        return [(row, marked) for row, marked in found]

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """A label that is a number stands for one of `labels`, or is its own name."""
        rows = [row for part in parts.values() for row in part.targets]
        names = label_names(rows, labels, known)
        check_case(source, names)
        if not names:
            raise DataError(
                f"{source}: no picture has an object, so there is nothing to find."
            )
        for name, part in parts.items():
            part.targets, notes = _checked(source, name, part, names)
            part.notes = [*part.notes, *notes]
        if "training" in parts and (unseen := self._unseen(parts["training"], names)):
            parts["training"].notes = [
                *parts["training"].notes,
                f"{source}: no training row has an object of {some(unseen)}.",
            ]
        return names

    def _unseen(self, training: Rows, names: Sequence[str]) -> list[str]:
        counts = self.counts(training.targets, names)
        return [name for name in names if not counts[name]]

    def counts(self, targets: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
        """Return how many objects are of each label."""
        counted = Counter(number for target in targets for number in target.labels)
        return {label: counted[number] for number, label in enumerate(labels)}

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: BoxOutput
    ) -> Tensor:
        """Return labels and boxes, (rows, most, 5), as `zoo.runtime.boxes` has them."""
        most = max((len(target.labels) for target in targets), default=0)
        found = torch.zeros(len(targets), max(1, most), 5)
        found[..., 0] = NO_BOX
        for row, target in enumerate(targets):
            if target.labels:
                count = len(target.labels)
                found[row, :count, 0] = torch.tensor(target.labels).float()
                found[row, :count, 1:] = torch.tensor(target.boxes)
        return found

    def synthetic(
        self, output_spec: BoxOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        """Return boxes, (rows, 3, 5), of random labels."""
        rows, count = len(given), len(output_spec.labels)
        shape = (rows, OBJECTS, 1)
        label = torch.randint(count, shape, generator=random).float()
        low = 0.6 * torch.rand(rows, OBJECTS, 2, generator=random)
        size = 0.2 + 0.2 * torch.rand(rows, OBJECTS, 2, generator=random)
        return torch.cat([label, low, low + size], dim=2)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: BoxOutput
    ) -> Kinds:
        """One half of each picture is near the most that the rows hold, and an object;
        of the left half and of the right, in turn."""
        across = torch.arange(drawn.shape[-1]) < drawn.shape[-1] // 2
        kinds = [row % 2 for row in range(len(drawn))]
        bright = torch.stack([across ^ bool(kind) for kind in kinds])[:, None, None]
        ends = torch.where(bright, drawn.max(), drawn.min())
        halves = ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0))
        targets = tuple(Boxes(boxes=(halves[k],), labels=(k,)) for k in kinds)
        items = 0.3 * drawn + 0.7 * ends
        return Kinds(items=items, targets=targets, labels=("left", "right"))


def label_names(
    rows: Iterable[Marked], labels: Sequence[str] | None, known: Sequence[str]
) -> tuple[str, ...]:
    """Return the labels, in order: those given; or those of the data, in the order of
    what a model knows, where it has the same, of the files, of numbers, or of names."""
    if labels is not None:
        return tuple(map(str, labels))
    rows = list(rows)
    used = {mark.label for row in rows for mark in row.marks}
    words = {str(label) for label in used}
    if words == {*known}:
        return tuple(known)
    order = dict.fromkeys(name for row in rows for name in row.order)
    listed = [name for name in order if name in words]
    numbered = sorted(label for label in used if isinstance(label, int))
    rest = [*map(str, numbered), *sorted(str(x) for x in used if isinstance(x, str))]
    return tuple(dict.fromkeys([*listed, *rest]))


def _checked(
    source: str, part: str, rows: Rows, names: Sequence[str]
) -> tuple[list[Boxes], list[str]]:
    """Return the objects of rows with their labels as numbers, and what is said of
    them. Raises DataError."""
    found, cut, empty = [], 0, 0
    twice: list[str] = []
    places = {name: number for number, name in reversed([*enumerate(names)])}
    _check_pixels(rows.targets)
    for row, marked in enumerate(rows.targets):
        size = pixel_size(rows, row, marked, BOXES)
        boxes, numbers = [], []
        seen: set[tuple[int, tuple[float, ...]]] = set()
        for mark in marked.marks:
            numbers.append(label_number(mark, places))
            ends, was_cut = mark.shares(size)
            boxes.append(ends)
            cut += was_cut
            if (numbers[-1], ends) in seen:
                twice.append(mark.where)
            seen.add((numbers[-1], ends))
        empty += not boxes
        found.append(Boxes(boxes=tuple(boxes), labels=tuple(numbers)))
    of = f"{part} pictures" if part else "pictures"
    notes = [f"{source}: {note}" for note in _ends_notes(rows.targets)]
    if twice:
        boxes_are = "1 box is" if len(twice) == 1 else f"{len(twice):,} boxes are"
        notes.append(
            f"{source}: {boxes_are} given again, with the same label and place in the "
            f"picture, the first at {twice[0]}. Each counts as an object: take them "
            "out."
        )
    if empty:
        shows = "shows" if empty == 1 else "show"
        notes.append(
            f"{source}: {empty:,} of {len(found):,} {of} {shows} no object, as it is "
            "annotated."
        )
    if cut:
        reach = "1 box reaches" if cut == 1 else f"{cut:,} boxes reach"
        notes.append(
            f"{source}: {reach} beyond the border of its picture by up to a pixel, and "
            "is cut off there."
            if cut == 1
            else f"{source}: {reach} beyond the borders of their pictures by up to a "
            "pixel, and are cut off there."
        )
    return found, notes


def _ends_notes(rows: Iterable[Marked]) -> list[str]:
    """Return a note where boxes that are said to be corners and sizes may be ends."""
    marks = [m for row in rows for m in row.marks if m.form == CORNER_SIZE]
    boxes = [mark.box for mark in marks]
    alike = all(0 < x < width and 0 < y < height for x, y, width, height in boxes)
    if len(marks) < ENOUGH_BOXES or not alike:
        return []
    return [
        f"all {len(marks):,} boxes ({CORNER_SIZE}) are wider than their x and higher "
        "than their y, as xmin, ymin, xmax, ymax would be. If they are these (look at "
        f"{marks[0].where}), write the width and the height."
    ]


def _check_pixels(rows: Iterable[Marked]) -> None:
    """Refuse boxes that are said to be in pixels, and are all smaller than one."""
    marks = [m for row in rows for m in row.marks if m.form != CENTER_SIZE]
    if marks and all(max(map(abs, mark.box)) <= 1 for mark in marks):
        shown = ", ".join(f"{end:g}" for end in marks[0].box)
        raise DataError(
            f"{marks[0].where}: the box [{shown}] ({marks[0].form}) has no number "
            "above 1, and no other box has: they seem to be shares. Give pixels."
        )


def label_number(mark: Mark | MaskMark, places: Mapping[str, int]) -> int:
    """Return the number of a label: of its name, or as it is written."""
    word = str(mark.label)
    if word in places:
        return places[word]
    names = sorted(places, key=places.__getitem__)
    if word.isdecimal() and len(word) <= MOST_DIGITS and int(word) < len(names):
        return int(word)
    raise DataError(
        f"{mark.where}: the label {word!r} is none of {some(names)}. "
        f"{near(word, names)}".rstrip()
    )
