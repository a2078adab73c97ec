"""Boxes in YOLO's form: a text file for each picture, a line for each object.

A line is `class x y width height`: the number of the class, from 0, and the centre and
the size of the box as shares of the picture. The names of the classes are in
`data.yaml` or `classes.txt`. See https://docs.ultralytics.com/datasets/detect/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from zoo._utils.shown import cut
from zoo.errors import DataError
from zoo.tasks.targets.annotations.marks import CENTER_SIZE, Mark, Marked, numbers
from zoo.tasks.targets.annotations.text_files import read_text

__all__ = ["NAME_FILES", "is_name_file", "read_names", "read_yolo"]

MOST_BYTES, MOST_NAME_BYTES = 16 << 20, 1 << 20
MOST_DIGITS = 9  # of the number of a class
MOST_LISTS = 200  # in a file that names classes
NAME_FILES = ("data.yaml", "dataset.yaml", "classes.txt", "obj.names")
LINE = "class x y width height"
SIDES = ("x", "y", "the width", "the height")


def read_yolo(path: Path, name: str, names: Sequence[str], named_by: str) -> Marked:
    """Return the objects of a file, which messages call `name`.

    `names` are those of the classes, and `named_by` is the file that has them; without
    names, labels are numbers. Raises DataError.
    """
    marks = []
    for number, line in enumerate(read_text(path, name, MOST_BYTES).split("\n"), 1):
        words, where = line.split(), f"{name}, line {number}"
        if not words:
            continue
        if len(words) != 5:
            raise DataError(
                f"{where}: it has {len(words)} values, and should have five: {LINE}."
            )
        label, box = words[0], numbers(words[1:], where, SIDES)
        if not label.isdecimal() or len(label) > MOST_DIGITS:
            raise DataError(
                f"{where}: the class is {label[:40]!r}, and should be a whole number "
                "from 0."
            )
        if max(box) > 1 + 1e-6:
            raise DataError(
                f"{where}: the box [{cut(', '.join(words[1:]))}] is not in shares of "
                "its picture, from 0 to 1. Divide x and the width by the picture's "
                "width, y and the height by its height."
            )
        marks.append(
            Mark(box, CENTER_SIZE, _label(int(label), where, names, named_by), where)
        )
    return Marked(marks, None, name, tuple(names))


def _label(number: int, where: str, names: Sequence[str], named_by: str) -> str | int:
    if not names:
        return number
    if number >= len(names):
        raise DataError(
            f"{where}: the class {number} has no name: {named_by} has {len(names)}, 0 "
            f"to {len(names) - 1}."
        )
    return names[number]


def is_name_file(path: Path) -> bool:
    """Return whether a file is called as one that has the names of classes."""
    return path.name in NAME_FILES or path.suffix.lower() in (".yaml", ".yml")


def read_names(path: Path, name: str) -> tuple[str, ...]:
    """Return the names of the classes in a file, by their numbers. Raises DataError."""
    text = read_text(path, name, MOST_NAME_BYTES)
    if path.suffix.lower() not in (".yaml", ".yml"):
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    held = _yaml(text, name)
    names = held.get("names") if isinstance(held, Mapping) else None
    if isinstance(names, Mapping):
        numbered = {_word(key, name): value for key, value in names.items()}
        order = [str(number) for number in range(len(numbered))]
        names = [numbered[key] for key in order] if {*order} == {*numbered} else None
    if not isinstance(names, list) or not names:
        raise DataError(
            f"{name} has no 'names' of classes, numbered from 0, such as names: [cat, "
            "dog]."
        )
    if not all(isinstance(one, str | int | float | date | None) for one in names):
        # Some would be written out at length: YAML can say a list again and again.
        raise DataError(f"{name}: the names of classes should be words.")
    return tuple(_word(one, name) for one in names)


def _word(value: Any, name: str) -> str:
    try:
        return str(value)
    except ValueError as exc:  # Python spells out no number of so many digits
        raise DataError(
            f"{name}: the name of a class is a number of too many digits. Put quotes "
            "around it, or give it a word."
        ) from exc


def _yaml(text: str, name: str) -> Any:
    import yaml

    if text.count("[") + text.count("{") > MOST_LISTS:  # its time grows with the square
        raise DataError(f"{name} is not YAML that is read: it has too many lists.")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        fault = getattr(exc, "problem", None) or "it can't be read"
        raise DataError(f"{name}{line}: it is not YAML ({cut(fault)}).") from exc
    except RecursionError as exc:
        raise DataError(f"{name} is not YAML that is read: it is too deep.") from exc
    except (ValueError, LookupError, AttributeError, TypeError) as exc:
        # Its constructors raise what they meet in a date or a number that is none.
        raise DataError(f"{name} is not YAML that is read ({cut(str(exc))}).") from exc
