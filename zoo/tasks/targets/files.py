"""The files of a folder that are inputs of a model, and those that are not."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from PIL import Image

from zoo._utils import paths
from zoo.errors import InputError
from zoo.preprocessing import image_file
from zoo.preprocessing.image_file import known_formats
from zoo.specs import Input

__all__ = [
    "Files",
    "Header",
    "header_of",
    "input_files",
    "is_picture",
    "left_out_notes",
    "no_files",
    "picture_size",
]

LEAVINGS = ("thumbs.db", "desktop.ini")  # what Windows puts into every folder
SHOWN = 3  # files that a message names
TURNED = (5, 6, 7, 8)  # orientations of a photograph that lies on its side


@dataclass(frozen=True)
class Files:
    """The files of a folder that are inputs, and those left out, sorted by path."""

    taken: list[Path]
    left: list[Path]


def input_files(folder: Path, input_spec: Input, *, deep: bool = True) -> Files:
    """Return the files in a folder, by default with those in its subfolders.

    A picture is known by its ending or, where that says nothing, by its content. Hidden
    files and folders are neither taken nor left out.
    """
    files = Files([], [])
    for path in sorted(folder.rglob("*") if deep else folder.iterdir()):
        hidden = map(paths.is_hidden, path.relative_to(folder).parts)
        if any(hidden) or path.name.lower() in LEAVINGS or not path.is_file():
            continue
        usual = path.suffix.lower() in input_spec.suffixes
        is_input = usual or (input_spec.pictured and is_picture(path))
        (files.taken if is_input else files.left).append(path)
    return files


def no_files(folder: Path, files: Files, input_spec: Input) -> str:
    """Return what is said of a folder in which there is no input."""
    message = (
        f"{folder} holds no {input_spec.plural} ({', '.join(input_spec.suffixes)})."
    )
    if not files.left:
        return message
    remedy = _remedy(files.left) if input_spec.pictured else ""
    return f"{message} It holds {_endings(files.left)}.{remedy}"


def left_out_notes(
    folder: Path, files: Files, input_spec: Input, loose: Sequence[Path] = ()
) -> list[str]:
    """Return what is said of the files of a folder that are not used.

    `loose` are inputs in the folder itself, where each class has a folder of its own.
    """
    notes, source = [], folder.name or folder.resolve().name  # of "." as well
    if loose:
        what = input_spec.noun if len(loose) == 1 else input_spec.plural
        notes.append(
            f"{source}: {len(loose):,} {what} left out, in no folder of a class: "
            f"{_names(folder, loose)}."
        )
    if left := files.left:
        what = "1 file" if len(left) == 1 else f"{len(left):,} files"
        notes.append(
            f"{source}: {what} left out, because no {input_spec.noun} could be "
            f"read: {_endings(left)} ({_names(folder, left)})."
            f"{_remedy(left) if input_spec.pictured else ''}"
        )
    return notes


def _endings(left: Sequence[Path]) -> str:
    counted = Counter(path.suffix.lower() or "without an ending" for path in left)
    return ", ".join(f"{count:,} {ending}" for ending, count in counted.items())


def _remedy(left: Sequence[Path]) -> str:
    """Return what can be done about pictures as iPhones take them, or ""."""
    heic = any(path.suffix.lower() in (".heic", ".heif") for path in left)
    return " Convert HEIC to JPEG: it is not read." if heic else ""


def _names(folder: Path, files: Sequence[Path]) -> str:
    names = ", ".join(str(path.relative_to(folder)) for path in files[:SHOWN])
    return names + (", ..." if len(files) > SHOWN else "")


def is_picture(file: Path | BinaryIO) -> bool:
    """Return whether a file holds a picture in a format that is read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its size, which its reader looks at
            with Image.open(file, formats=known_formats()):
                return True
    except Image.DecompressionBombError:
        return True
    except (OSError, SyntaxError, ValueError):
        return False


class Header(NamedTuple):
    """The width and height of an upright picture, and its mode, as Pillow names it."""

    size: tuple[int, int]
    mode: str


def header_of(item: Any) -> Header | None:
    """Return what is known of a picture without decoding it; None where it can't be
    read, or is no picture."""
    try:
        if isinstance(item, Image.Image):
            return Header(_upright(item), item.mode)
        if not isinstance(item, str | bytes | Path):
            return None
        with image_file.opened(item, "The picture") as image:
            return Header(_upright(image), image.mode)
    except InputError:
        return None


def picture_size(item: Any) -> tuple[int, int] | None:
    """Return the width and height of an upright picture, or None: a file that
    can't be read is reported later, with all others."""
    header = header_of(item)
    return None if header is None else header.size


def _upright(image: Any) -> tuple[int, int]:
    width, height = image.size
    turned = image_file.orientation(image) in TURNED
    return (height, width) if turned else (width, height)
