"""Boxes in the columns of a table or a dataset.

Either a row is a picture with all its objects, or it is one object, and the rows that
name the same picture belong together. Of a picture's objects there is a column
`objects`, as on the Hub, with `bbox` and `category`; or there is one of boxes and one
of labels. A box called `bbox` is [x, y, width, height], as COCO and the Hub have it;
any other is [xmin, ymin, xmax, ymax]. All numbers are pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zoo._utils.shown import brief
from zoo.errors import DataError, near
from zoo.tasks.targets.annotations.marks import (
    CORNER_SIZE,
    ENDS,
    Mark,
    Marked,
    numbers,
)

__all__ = ["BOX_COLUMNS", "read_columns"]

OBJECTS = ("objects", "annotations")
BBOX = ("bbox", "bboxes")  # COCO's
BOX_COLUMNS = (*BBOX, "boxes", "box")
LABELS = ("category", "categories", "label", "labels", "class", "classes", "name")
LABEL_IDS = ("category_id", "category_ids", "class_id", "class_ids")
CORNERS = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x_min", "y_min", "x_max", "y_max"),
    ("left", "top", "right", "bottom"),
    ("x1", "y1", "x2", "y2"),
)
FORMS = (
    "a row for each object with xmin, ymin, xmax, ymax and label; or for each picture "
    "a column of lists: objects, with bbox and category, or boxes, and labels"
)


def read_columns(
    source: str,
    rows: Any,
    picture: str,
    target: str | None,
    places: Sequence[str],
) -> list[tuple[int, Marked]]:
    """Return the objects of each picture, with the first row that is of it.

    `rows` is a table or a dataset, with a column `picture`. `target` names the column
    with the objects, the boxes or, where each row is one object, the labels; `places`
    say where each row stands. Raises DataError.
    """
    columns = rows.column_names
    if target is not None and target not in columns:
        raise DataError(
            f"{source} has no target column {target!r}. {near(target, columns)}It has "
            f"{', '.join(columns)}; name it with target=... (--target)."
        )
    corners = next((one for one in CORNERS if {*one} <= {*columns}), None)
    objects = _one_of(columns, OBJECTS, target)
    boxes = _one_of(columns, BOX_COLUMNS, target)
    wheres = [f"{source}, {place}" for place in places]
    if objects is not None and _holds_objects(rows[objects]):
        return _of_pictures(_fields(rows, objects, wheres), wheres, objects)
    if boxes is not None:
        labels = _label_column(source, columns, boxes, target)
        names = _names(rows, labels)
        pairs = zip(rows[boxes], rows[labels], strict=True)
        held = [(box, label, names) for box, label in pairs]
        if not _single(rows[boxes]):
            return _of_pictures(held, wheres, boxes)
        form = CORNER_SIZE if boxes in BBOX else ENDS
        each = [
            _mark(box, form, _named(label, names), where)
            for (box, label, _), where in zip(held, wheres, strict=True)
        ]
        return _grouped(rows, picture, each)
    if corners is not None:
        labels = _label_column(source, columns, "xmin", target)
        names = _names(rows, labels)
        held_ends = zip(*(rows[one] for one in corners), strict=True)
        each = [
            _row_mark(ends, corners, _named(label, names), where)
            for ends, label, where in zip(held_ends, rows[labels], wheres, strict=True)
        ]
        return _grouped(rows, picture, each)
    raise DataError(
        f"{source} has no columns of boxes. It has {', '.join(columns)}. Give {FORMS}."
    )


def _one_of(
    columns: Sequence[str], usual: Iterable[str], target: str | None
) -> str | None:
    usual = tuple(usual)
    if target is not None and target in usual:
        return target
    return next((name for name in usual if name in columns), None)


def _label_column(
    source: str, columns: Sequence[str], boxes: str, target: str | None
) -> str:
    if target is not None and target != boxes and target not in BOX_COLUMNS:
        return target
    for name in (*LABELS, *LABEL_IDS):
        if name in columns:
            return name
    raise DataError(
        f"{source} has boxes ({boxes}), and no column with their labels. It has "
        f"{', '.join(columns)}; name it with target=... (--target)."
    )


def _empty(value: Any) -> bool:
    return value is None or value == "" or value != value  # NaN


def _holds_objects(values: Iterable[Any]) -> bool:
    """Return whether a column holds objects with fields, and not boxes alone."""
    for value in values:
        if isinstance(value, Mapping):
            return True
        if isinstance(value, Sequence) and len(value):
            return isinstance(value[0], Mapping)
    return False


def _single(values: Iterable[Any]) -> bool:
    """Return whether each row has one box, four numbers, and not a list of boxes."""
    for value in values:
        if value is not None and len(value):
            return not hasattr(value[0], "__len__")
    return False


Held = tuple[Any, Any, Sequence[str]]  # boxes, labels, and the names of these


def _fields(rows: Any, name: str, wheres: Sequence[str]) -> list[Any]:
    """Return the boxes and labels of a column of objects."""
    found: list[Any] = []
    for value, where in zip(rows[name], wheres, strict=True):
        if value is None:
            found.append(([], [], (), ENDS))
            continue
        one = value
        if not isinstance(value, Mapping):  # a list of objects
            keys = dict.fromkeys(key for thing in value for key in thing)
            one = {key: [thing.get(key) for thing in value] for key in keys}
            if not value:
                found.append(([], [], (), ENDS))
                continue
        box = next((key for key in BOX_COLUMNS if key in one), None)
        label = next((key for key in (*LABELS, *LABEL_IDS) if key in one), None)
        if box is None or label is None:
            raise DataError(
                f"{where}: its {name} have no {'bbox' if box is None else 'category'}. "
                f"They have {', '.join(one)}."
            )
        names = _names(rows, name, label)
        form = CORNER_SIZE if box in BBOX else ENDS
        found.append((one[box], one[label], names, form))
    return found


def _of_pictures(
    held: Sequence[Any], wheres: Sequence[str], column: str
) -> list[tuple[int, Marked]]:
    found = []
    for row, (given, where) in enumerate(zip(held, wheres, strict=True)):
        boxes, labels, names = given[:3]
        form = given[3] if len(given) > 3 else CORNER_SIZE if column in BBOX else ENDS
        boxes = [] if boxes is None else boxes
        labels = [] if labels is None else labels
        if isinstance(boxes, str | Mapping) or isinstance(labels, str | Mapping):
            raise DataError(
                f"{where}: {column!r} holds {type(boxes).__name__}, and should hold a "
                "list of boxes. A CSV file has a row for each object instead: xmin, "
                "ymin, xmax, ymax and label."
            )
        if len(boxes) != len(labels):
            counts = f"{len(boxes)} boxes and {len(labels)} labels"
            raise DataError(f"{where} has {counts}.")
        marks = [
            _mark(box, form, _named(label, names), f"{where}, box {number}")
            for number, (box, label) in enumerate(zip(boxes, labels, strict=True), 1)
        ]
        found.append((row, Marked([one for one in marks if one], None, where, names)))
    return found


def _mark(box: Any, form: str, label: str | int | None, where: str) -> Mark | None:
    """Return one object; None of a row without a box."""
    if box is None or (hasattr(box, "__len__") and not len(box)):
        return None
    if isinstance(box, str) or not hasattr(box, "__len__") or len(box) != 4:
        raise DataError(
            f"{where}: the box {brief(box)} should be four numbers: {form}."
        )
    if label is None:
        raise DataError(f"{where}: the box has no label.")
    return Mark(numbers(list(box), where, form.split(", ")), form, label, where)


def _row_mark(
    ends: Sequence[Any], names: Sequence[str], label: str | int | None, where: str
) -> Mark | None:
    """Return the object of a row; None of one without a box, which is a picture without
    an object."""
    if all(map(_empty, ends)):
        return None
    found = numbers(ends, where, names)
    if label is None:
        raise DataError(f"{where}: the box has no label.")
    return Mark(found, ENDS, label, where)


def _grouped(
    rows: Any, picture: str, each: Sequence[Mark | None]
) -> list[tuple[int, Marked]]:
    """Return the objects of rows that name the same picture together."""
    values = rows[picture]
    by_name: dict[Any, tuple[int, list[Mark]]] = {}
    for row, (value, mark) in enumerate(zip(values, each, strict=True)):
        key = str(value) if hasattr(value, "__fspath__") else value
        key = key if isinstance(key, str) else ("row", row)
        _, marks = by_name.setdefault(key, (row, []))
        if mark is not None:
            marks.append(mark)
    return [(row, Marked(marks)) for row, marks in by_name.values()]


def _named(label: Any, names: Sequence[str]) -> str | int | None:
    """Return a label as a name or a number; None where there is none."""
    if _empty(label):
        return None
    if isinstance(label, str):
        return label
    number = int(label)
    return names[number] if 0 <= number < len(names) else number


def _names(rows: Any, *path: str) -> Sequence[str]:
    """Return the names of the numbers that a column of a dataset holds, if it has
    them."""
    feature: Any = getattr(rows, "features", None)
    for name in path:
        while hasattr(feature, "feature"):
            feature = feature.feature
        if isinstance(feature, list) and feature:
            feature = feature[0]
        if not isinstance(feature, Mapping) or name not in feature:
            return ()
        feature = feature[name]
    while hasattr(feature, "feature"):
        feature = feature.feature
    if isinstance(feature, list) and feature:
        feature = feature[0]
    return tuple(getattr(feature, "names", None) or ())
