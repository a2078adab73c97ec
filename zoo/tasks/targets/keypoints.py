"""Points that answer where the parts of a pictured object are: read, checked, in order.

`zoo.tasks.targets.annotations` reads the forms that they are written in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import Input, KeypointOutput
from zoo.tasks.targets.annotations.folder import (
    CocoForm,
    folder_of,
    read_coco_folder,
)
from zoo.tasks.targets.annotations.marks import NOTED, ROUNDING, Marked
from zoo.tasks.targets.annotations.points import (
    PointMark,
    read_point_columns,
    read_points,
)
from zoo.tasks.targets.annotations.sizes import pixel_size
from zoo.tasks.targets.base import Kinds, Rows, Targets, some
from zoo.tasks.targets.classes import check_case

__all__ = ["KeypointTargets", "Points", "mirrored"]

POINTS = "points", "A point"  # in messages
FORM = CocoForm(
    read_points,
    frozenset({"coco", "annotations", "annotation", "keypoints"}),
    ("captions", "instances", "panoptic", "stuff", "image"),
    "no points. Put beside it a JSON file of COCO's form with keypoints "
    "(annotations.json, or person_keypoints_train.json and person_keypoints_val.json), "
    "or give a table with a row for each picture, and NAME_x and NAME_y of each point.",
)
SIDE = re.compile(r"(?<![a-z])(left|right)(?![a-z])", re.IGNORECASE)
NUMBERED = re.compile(r"[0-9]\s*$")  # a name that is one of several alike
OTHER_SIDE = {"left": "right", "right": "left"}
UNNAMED = (
    "{source}: the points have no names. They are taken for {names}, in this order."
)
UNMIRRORED = (
    "{source}: the names of the points do not say which of them are left and right "
    "('left eye' and 'right eye'), so no picture is mirrored."
)


@dataclass(frozen=True, kw_only=True)
class Points:
    """The points of a picture in the order of the labels: x and y as shares of it, NaN
    of a point that is not annotated.

    `skeleton` and `reference` are those of a `KeypointOutput`, where the data has them.
    """

    points: tuple[tuple[float, float], ...]
    skeleton: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    reference: tuple[int, int] | None = field(default=None, repr=False)


class KeypointTargets(Targets[KeypointOutput]):
    """Each target is the points of a picture, (points, 2), as shares of it."""

    column_names = ("keypoints",)
    own_columns = True
    file_suffixes = (".json",)

    def folder_of(self, file: Path) -> Path:
        return folder_of(file)

    def read_splits(self, place: Path, input_spec: Input) -> dict[str, Rows] | None:
        """Return the pictures of a folder, with the points in its JSON files."""
        return read_coco_folder(place, input_spec, FORM)

    def read_columns(
        self,
        source: str,
        rows: Any,
        picture: str,
        target: str | None,
        places: Sequence[str],
    ) -> list[tuple[int, Any]]:
        """Return the points of each row of a table, with its number."""
        return [*read_point_columns(source, rows, picture, target, places)]

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Names stand in the order of `labels`, of `known`, or of the data; points
        without names are those of the model, if it has as many, or numbered."""
        marks = {name: _one_object(source, name, part) for name, part in parts.items()}
        every = [mark for each in marks.values() for mark in each]
        names = _names(source, every, labels, known)
        check_case(source, names)
        _check_pixels(every)
        first = next(iter(parts.values()))
        if not every[0].names:
            first.notes = [
                *first.notes,
                UNNAMED.format(source=source, names=some(names)),
            ]
        for name, part in parts.items():
            part.targets, notes = _checked(source, part, marks[name], names)
            part.notes = [*part.notes, *notes]
        if "training" in parts:
            part = parts["training"]
            part.notes = [*part.notes, *_training_notes(source, part, names)]
        return names

    def counts(self, targets: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
        """Return in how many pictures each point is annotated."""
        return {
            label: sum(not math.isnan(target.points[number][0]) for target in targets)
            for number, label in enumerate(labels)
        }

    def fitted_output(
        self, targets: Sequence[Any], output_spec: KeypointOutput
    ) -> KeypointOutput:
        """Return the output with the lines and the reference points of the data."""
        first = targets[0]
        return replace(
            output_spec,
            skeleton=first.skeleton or output_spec.skeleton,
            reference=first.reference or output_spec.reference,
        )

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: KeypointOutput
    ) -> Tensor:
        """Return points, (rows, points, 2), NaN where one is not annotated."""
        return torch.tensor([target.points for target in targets])

    def synthetic(
        self, output_spec: KeypointOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        return torch.rand(len(given), len(output_spec.labels), 2, generator=random)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: KeypointOutput
    ) -> Kinds:
        """Each picture has a bright box in its left or its right half, in turn, and a
        dark one in the other, a sixth as wide and as high, whose middles are the
        points."""
        height, width = drawn.shape[-2:]
        y, x = torch.arange(height) * 12 // height, torch.arange(width) * 12 // width
        down = ((y == 5) | (y == 6))[:, None]
        left, right = (down & ((x == n) | (x == n + 1)) for n in (2, 8))
        shown, targets = [], []
        for row in range(len(drawn)):
            bright, dark = (left, right) if row % 2 else (right, left)
            ground = torch.where(bright, drawn.max(), drawn.mean())
            shown.append(torch.where(dark, drawn.min(), ground))
            middles = (0.25, 0.5), (0.75, 0.5)
            targets.append(Points(points=middles if row % 2 else middles[::-1]))
        return Kinds(
            items=0.1 * drawn + 0.9 * torch.stack(shown)[:, None],
            targets=tuple(targets),
            labels=("bright", "dark"),
        )


def mirrored(labels: Sequence[str]) -> tuple[int, ...] | None:
    """Return which point each is in the mirror, by its number; None where the names do
    not say which are left and right.

    Names that end in a number say nothing: which of several on one side is meant by one
    on the other can't be told.

    >>> mirrored(("left eye", "right eye", "nose"))
    (1, 0, 2)
    """
    places = {label.casefold(): number for number, label in enumerate(labels)}
    found = []
    for label in labels:
        other = SIDE.sub(lambda side: OTHER_SIDE[side[0].casefold()], label)
        if NUMBERED.search(label) or other.casefold() not in places:
            return None
        found.append(places[other.casefold()])
    return tuple(found) if found != [*range(len(labels))] else None


def _one_object(source: str, name: str, rows: Rows) -> list[PointMark]:
    """Return the points of each picture, and leave out pictures without any. Raises
    DataError for one of several objects."""
    found: list[PointMark] = []
    kept: list[int] = []
    for row, marked in enumerate(rows.targets):
        there = [mark for mark in marked.marks if mark.known]
        if len(there) > 1:
            raise DataError(
                f"{there[1].where}: {rows.names[row]} has the points of another "
                f"object already, {there[0].where}. The model finds those of one: cut "
                "each object out into a picture of its own."
            )
        if there:
            found += there
            kept.append(row)
    if not found:
        raise DataError(f"{source}: no picture has a point, so there is nothing to do.")
    if gone := len(rows.targets) - len(kept):
        of = f"{name} pictures" if name else "pictures"
        were = "was" if gone == 1 else "were"
        rows.notes = [
            *rows.notes,
            f"{source}: {gone:,} of {len(rows.targets):,} {of} {were} left out, in "
            "which no point is annotated.",
        ]
        _keep(rows, kept)
    return found


def _keep(rows: Rows, kept: Sequence[int]) -> None:
    pick = getattr(rows.items, "pick", None)
    items = rows.items
    rows.items = [items[row] for row in kept] if pick is None else pick(kept)
    rows.targets = [rows.targets[row] for row in kept]
    rows.names = [rows.names[row] for row in kept]


def _names(
    source: str,
    marks: Sequence[PointMark],
    labels: Sequence[str] | None,
    known: Sequence[str],
) -> tuple[str, ...]:
    """Return the names of the points, in order. Raises DataError where those of two
    rows differ, or are not the labels."""
    first = marks[0]
    for mark in marks:
        if {*mark.names} != {*first.names} or len(mark.places) != len(first.places):
            raise DataError(
                f"{mark.where}: its points are {_shown(mark)}, and those of "
                f"{first.where} are {_shown(first)}. All pictures have the same "
                "points."
            )
    given = tuple(map(str, known if labels is None else labels))
    if not first.names:
        if labels is not None and len(given) != len(first.places):
            raise DataError(
                f"{first.where}: it has {_shown(first)} points, and there are "
                f"{len(given)} labels: {some(given)}."
            )
        count = len(first.places)
        numbered = tuple(str(number) for number in range(1, count + 1))
        names = given if len(given) == count else numbered
    else:
        names = given if {*given} == {*first.names} else first.names
        if labels is not None and names != given:
            raise DataError(
                f"{first.where}: its points are {some(first.names)}, and should be "
                f"those of the model: {some(given)}."
            )
    if len(names) < 2 or len({*names}) != len(names):
        raise DataError(
            f"{first.where}: its points are {some(names)}, and should be at least "
            "two, all different."
        )
    return names


def _shown(mark: PointMark) -> str:
    return some(mark.names) if mark.names else str(len(mark.places))


def _check_pixels(marks: Sequence[PointMark]) -> None:
    """Refuse points that are all nearer to the corner than a pixel."""
    ends = [end for mark in marks for pair in mark.places for end in pair if end == end]
    if max(map(abs, ends)) <= 1:
        raise DataError(
            f"{marks[0].where}: no point of any picture has a number above 1: they "
            "seem to be shares. Give pixels."
        )


def _checked(
    source: str, rows: Rows, marks: Sequence[PointMark], names: Sequence[str]
) -> tuple[list[Points], list[str]]:
    """Return the points of rows in the order of the names, as shares of their pictures,
    and what is said of them. Raises DataError."""
    found, cut = [], 0
    for row, mark in enumerate(marks):
        given: Marked = rows.targets[row]
        width, height = pixel_size(rows, row, given, POINTS)
        own = mark.names or tuple(names)
        order = [own.index(name) for name in names]
        number = {place: new for new, place in enumerate(order)}
        points = []
        for name, place in zip(names, order, strict=True):
            x, y = mark.places[place]
            beyond = max(-x, -y, x - width, y - height)
            if beyond > ROUNDING:
                raise DataError(
                    f"{mark.where}: the point {name!r} ({x:g}, {y:g}) is not inside "
                    f"its picture, which is {width}x{height}."
                )
            cut += beyond > NOTED
            points.append((_share(x, width), _share(y, height)))
        found.append(
            Points(
                points=tuple(points),
                skeleton=tuple((number[a], number[b]) for a, b in mark.skeleton),
                reference=None
                if mark.reference is None
                else (number[mark.reference[0]], number[mark.reference[1]]),
            )
        )
    if all(len({*one.points} - {(math.nan, math.nan)}) < 2 for one in found):
        raise DataError(
            f"{source}: no picture has two points, so no error can be measured."
        )
    if not cut:
        return found, []
    reach = "1 point lies" if cut == 1 else f"{cut:,} points lie"
    moved = "is" if cut == 1 else "are"
    return found, [
        f"{source}: {reach} up to a pixel outside of the picture, and {moved} moved to "
        "its border."
    ]


def _share(end: float, size: int) -> float:
    """Return a number of pixels as a share; NaN stays the one object of that name, so
    that equal points are equal."""
    return math.nan if math.isnan(end) else min(max(end / size, 0.0), 1.0)


def _training_notes(source: str, rows: Rows, names: Sequence[str]) -> list[str]:
    counts = KeypointTargets().counts(rows.targets, names)
    notes = []
    if unseen := [name for name in names if not counts[name]]:
        notes.append(f"{source}: no training picture has the point {some(unseen)}.")
    if mirrored(names) is None:
        notes.append(UNMIRRORED.format(source=source))
    return notes
