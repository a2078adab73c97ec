"""Boxes in the form of Pascal VOC: an XML file for each picture.

An `<annotation>` has a `<size>` and an `<object>` for each thing, with a `<name>` and a
`<bndbox>` of xmin, ymin, xmax and ymax. In VOC these are pixels counted from 1, and the
last is inside the box; some programs write them from 0, or with fractions. See
http://host.robots.ox.ac.uk/pascal/VOC/.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.parsers import expat

from zoo._utils.shown import cut
from zoo.errors import DataError
from zoo.tasks.targets.annotations.marks import (
    ENDS,
    PIXELS_FROM_1,
    Mark,
    Marked,
    numbers,
)
from zoo.tasks.targets.annotations.text_files import read_bytes

__all__ = ["count_from_one", "read_voc"]

MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS = 16 << 20, 32, 100_000
CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class _Element:
    tag: str
    line: int
    pieces: list[str] = field(default_factory=list)
    children: list[_Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def all(self, tag: str) -> list[_Element]:
        return [one for one in self.children if one.tag == tag]

    def first(self, tag: str) -> _Element | None:
        return next(iter(self.all(tag)), None)


def read_voc(path: Path, name: str) -> tuple[Marked, int]:
    """Return the objects of a file, which messages call `name`, and how many of them
    are marked as difficult. Raises DataError."""
    root = _parsed(read_bytes(path, name, MOST_BYTES), name)
    if root.tag != "annotation":
        raise DataError(
            f"{name}, line {root.line}: it begins with <{cut(root.tag, 60)}>, and a "
            "file of Pascal VOC with <annotation>."
        )
    marks, difficult = [], 0
    for thing in root.all("object"):
        where = f"{name}, line {thing.line}"
        label, box = _text(thing, "name", where), thing.first("bndbox")
        if box is None:
            raise DataError(f"{where}: the <object> has no <bndbox>.")
        words = [_text(box, corner, f"{name}, line {box.line}") for corner in CORNERS]
        ends = numbers(words, f"{name}, line {box.line}", CORNERS)
        marks.append(Mark(ends, ENDS, label, f"{name}, line {box.line}"))
        flag = thing.first("difficult")
        difficult += flag is not None and flag.text.strip() == "1"
    return Marked(marks, _size(root, name), name), difficult


def count_from_one(rows: Sequence[Marked]) -> bool:
    """Read the boxes of files as VOC's, from 1, unless one of them shows that they are
    counted from 0: by an end of 0 or a fraction. Return whether that was done."""
    marks = [mark for row in rows for mark in row.marks]
    if any(min(mark.box) < 1 or any(end % 1 for end in mark.box) for mark in marks):
        return False
    for row in rows:
        row.marks = [replace(mark, form=PIXELS_FROM_1) for mark in row.marks]
    return True


def _size(root: _Element, name: str) -> tuple[int, int] | None:
    size = root.first("size")
    if size is None:
        return None
    sides = [size.first("width"), size.first("height")]
    if not all(side is not None and side.text.strip(" \n\t0") for side in sides):
        return None  # some programs write 0
    words = [side.text.strip() for side in sides if side is not None]
    where = f"{name}, line {size.line}"
    width, height = numbers(words, where, ("the width", "the height"))
    return int(width), int(height)


def _text(element: _Element, tag: str, where: str) -> str:
    found = element.first(tag)
    if found is None or not found.text.strip():
        raise DataError(f"{where}: the <{element.tag}> has no <{tag}>.")
    return found.text.strip()


def _parsed(content: bytes, name: str) -> _Element:
    """Return the elements of a file with their lines. A document type, which could
    define entities that grow without a bound, is refused."""
    parser, top = expat.ParserCreate(), _Element("", 0)
    parser.buffer_text = True  # else a line at a time is told
    open_elements = [top]
    count = 0

    def started(tag: str, _attributes: object) -> None:
        if len(open_elements) > MOST_DEPTH:
            raise DataError(f"{name}, line {parser.CurrentLineNumber}: it is too deep.")
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS:
            raise DataError(
                f"{name}, line {parser.CurrentLineNumber}: it has more than "
                f"{MOST_ELEMENTS:,} elements, which no picture needs."
            )
        element = _Element(tag, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def refused(*_declared: object) -> None:
        raise DataError(
            f"{name}, line {parser.CurrentLineNumber}: it has a document type "
            "(<!DOCTYPE>), which is refused: no annotation needs one."
        )

    def told(text: str) -> None:
        open_elements[-1].pieces.append(text)

    parser.StartElementHandler = started
    parser.EndElementHandler = lambda _tag: open_elements.pop()
    parser.CharacterDataHandler = told
    parser.StartDoctypeDeclHandler = refused
    parser.EntityDeclHandler = refused
    try:
        parser.Parse(content, True)
    except expat.ExpatError as exc:
        fault = expat.ErrorString(exc.code)
        raise DataError(f"{name}, line {exc.lineno}: it is not XML ({fault}).") from exc
    except (ValueError, LookupError) as exc:  # an encoding that nobody knows
        raise DataError(f"{name} is not XML ({exc}).") from exc
    return next(iter(_elements(top)))


def _elements(top: _Element) -> Iterable[_Element]:
    return top.children
