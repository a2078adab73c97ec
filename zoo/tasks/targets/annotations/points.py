"""The points of an object, in COCO's form and in the columns of a table.

In COCO's form a category names its `keypoints`, and may have a `skeleton`, pairs of
their numbers from 1 that lines connect, and a `reference`, one such pair. An annotation
has for each of them x, y and v; where v is 0 the point is not annotated. See
https://cocodataset.org/#format-data.

A table has a row for each picture. Its columns are `NAME_x` and `NAME_y` of each point,
or `x1`, `y1` and so on, or `keypoints`, a list of [x, y] or [x, y, v]. An empty cell is
a point that is not annotated. All numbers are pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zoo._utils.shown import brief
from zoo.errors import DataError, near
from zoo.tasks.targets.annotations.coco import Category, entry
from zoo.tasks.targets.annotations.marks import Marked, numbers
from zoo.tasks.targets.base import some

__all__ = ["PointMark", "read_point_columns", "read_points"]

LISTS = ("keypoints", "points", "landmarks")  # columns with all points of a picture
AXES = re.compile(r"(?P<name>.+)_(?P<axis>[xy])", re.IGNORECASE)
NUMBERED = re.compile(r"(?P<axis>[xy])_?(?P<name>[0-9]{1,4})", re.IGNORECASE)
VISIBLE = (0, 1, 2)  # not annotated, hidden, seen
MISSING = (math.nan, math.nan)

Pair = tuple[float, float]


@dataclass(frozen=True)
class PointMark:
    """The points of one object as they are written: x and y in pixels, NaN of a point
    that is not annotated, and their names, none where only their order tells."""

    names: tuple[str, ...]
    places: tuple[Pair, ...]
    where: str
    skeleton: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    reference: tuple[int, int] | None = field(default=None, repr=False)

    @property
    def known(self) -> int:
        """How many points are annotated."""
        return sum(x == x for x, _ in self.places)


def read_points(
    annotation: Mapping[str, Any], category: Category, where: str
) -> PointMark:
    """Return the points of an annotation of COCO's form. Raises DataError."""
    names = entry(category.held, "keypoints", category.where)
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise DataError(
            f"{category.where}: its keypoints are {brief(names)}, and should be a list "
            "of names."
        )
    given = entry(annotation, "keypoints", where)
    if not isinstance(given, list) or len(given) != 3 * len(names):
        count = f"{len(given)} numbers" if isinstance(given, list) else brief(given)
        raise DataError(
            f"{where}: its keypoints are {count}, and should be {3 * len(names)}: x, y "
            f"and v of each point ({some(names)})."
        )
    places = []
    for number, name in enumerate(names):
        three = given[3 * number : 3 * number + 3]
        places.append(_place(three, where, name))
    skeleton = _pairs(category, "skeleton", category.held.get("skeleton"), len(names))
    held = category.held.get("reference")
    reference = _pairs(category, "reference", [held] if held else None, len(names))
    return PointMark(
        tuple(names), tuple(places), where, skeleton, next(iter(reference), None)
    )


def _place(given: Sequence[Any], where: str, name: str) -> Pair:
    """Return x and y, NaN where a third number says that they are not annotated."""
    if len(given) == 3:
        (visible,) = numbers(given[2:], where, [f"v of {name!r}"])
        if visible not in VISIBLE:
            raise DataError(
                f"{where}: v of {name!r} is {visible:g}, and should be 0 (not "
                "annotated), 1 (hidden) or 2 (seen)."
            )
        if not visible:
            return MISSING
    x, y = numbers(given[:2], where, [f"x of {name!r}", f"y of {name!r}"])
    return x, y


def _pairs(
    category: Category, key: str, held: Any, count: int
) -> tuple[tuple[int, int], ...]:
    """Return pairs of points, which a file counts from 1, from 0."""
    if held is None:
        return ()
    right = isinstance(held, list) and all(
        isinstance(pair, list)
        and len(pair) == 2
        and all(type(end) is int and 1 <= end <= count for end in pair)
        for pair in held
    )
    if not right:
        raise DataError(
            f"{category.where}: its {key} is {brief(held)}, and should be pairs of "
            f"numbers from 1 to {count}."
        )
    return tuple((first - 1, second - 1) for first, second in held)


def read_point_columns(
    source: str, rows: Any, picture: str, target: str | None, places: Sequence[str]
) -> list[tuple[int, Marked]]:
    """Return the points of each row, with its number; `places` say where it stands.

    `target` names the column with lists of points. Raises DataError.
    """
    columns = rows.column_names
    if target is not None and target not in columns:
        raise DataError(
            f"{source} has no target column {target!r}. {near(target, columns)}It has "
            f"{some(columns)}; name it with target=... (--target)."
        )
    wheres = [f"{source}, {place}" for place in places]
    _check_once(rows[picture], wheres)
    axes = {} if target is not None else _axes(source, columns)
    if axes:
        numbered = all(NUMBERED.fullmatch(x) for x, _ in axes.values())
        names = () if numbered else tuple(axes)
        held = [rows[column] for pair in axes.values() for column in pair]
        marks = [
            PointMark(names, _of_cells(cells, axes, where), where)
            for cells, where in zip(zip(*held, strict=True), wheres, strict=True)
        ]
    else:
        lists = [target] if target else [name for name in LISTS if name in columns]
        if not lists:
            raise DataError(
                f"{source} has no columns of points. It has {some(columns)}. Give a "
                "row for each picture, with NAME_x and NAME_y of each point, in "
                "pixels."
            )
        values = zip(rows[lists[0]], wheres, strict=True)
        marks = [_of_list(value, lists[0], where) for value, where in values]
    return [(row, Marked([mark], None, mark.where)) for row, mark in enumerate(marks)]


def _axes(source: str, columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the columns of x and y of each point: of named points, or numbered ones.

    Raises DataError where one of the two is missing.
    """
    for form in (AXES, NUMBERED):
        found: dict[str, dict[str, str]] = {}
        for column in columns:
            if match := form.fullmatch(column):
                axis = match["axis"].lower()
                found.setdefault(match["name"], {})[axis] = column
        for name, pair in found.items():
            if len(pair) == 1 and any(len(other) == 2 for other in found.values()):
                ((axis, column),) = pair.items()
                other = "y" if axis == "x" else "x"
                raise DataError(
                    f"{source} has a column {column!r}, and none of {other} of "
                    f"{name!r}. It has {some(columns)}."
                )
        pairs = {
            name: (pair["x"], pair["y"])
            for name, pair in found.items()
            if len(pair) == 2
        }
        if pairs:
            return pairs
    return {}


def _of_cells(
    cells: Sequence[Any], axes: Mapping[str, tuple[str, str]], where: str
) -> tuple[Pair, ...]:
    places = []
    for number, columns in enumerate(axes.values()):
        pair = cells[2 * number : 2 * number + 2]
        empty = [_empty(value) for value in pair]
        if all(empty):
            places.append(MISSING)
            continue
        if any(empty):
            there, gone = columns if empty[1] else columns[::-1]
            raise DataError(
                f"{where} has {there!r}, and no {gone!r}. Leave both empty of a point "
                "that is not annotated."
            )
        x, y = numbers(pair, where, columns)
        places.append((x, y))
    return tuple(places)


def _of_list(value: Any, column: str, where: str) -> PointMark:
    points = [] if value is None else value
    if isinstance(points, str | Mapping) or not hasattr(points, "__len__"):
        raise DataError(
            f"{where}: {column!r} holds {brief(points)}, and should hold a list of [x, "
            "y]. A CSV file has columns NAME_x and NAME_y of each point instead."
        )
    places = []
    for number, point in enumerate(points, 1):
        if point is None:
            places.append(MISSING)
            continue
        if not hasattr(point, "__len__") or len(point) not in (2, 3):
            raise DataError(
                f"{where}: point {number} is {brief(point)}, and should be [x, y] or "
                "[x, y, v]."
            )
        places.append(_place(list(point), where, str(number)))
    return PointMark((), tuple(places), where)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value != value  # NaN


def _check_once(pictures: Sequence[Any], wheres: Sequence[str]) -> None:
    """Refuse two rows of the same picture file."""
    first: dict[str, str] = {}
    for value, where in zip(pictures, wheres, strict=True):
        if not isinstance(value, str) and not hasattr(value, "__fspath__"):
            continue
        before = first.setdefault(str(value), where)
        if before != where:
            raise DataError(
                f"{where}: {brief(str(value), 300)} is the picture of {before} "
                "already. A picture has one row: the model finds the points of one "
                "object."
            )
