"""The size of a picture, in whose pixels an annotation is written."""

from __future__ import annotations

from pathlib import Path

from zoo.errors import DataError
from zoo.tasks.targets.annotations.marks import Marked
from zoo.tasks.targets.base import Rows
from zoo.tasks.targets.files import picture_size

__all__ = ["pixel_size"]


def pixel_size(
    rows: Rows, row: int, marked: Marked, words: tuple[str, str]
) -> tuple[int, int]:
    """Return the width and height of a row's picture. Raises DataError where the
    annotation says another; `words` are what messages call what is annotated: ("boxes",
    "A box")."""
    item = rows.items[row]
    actual, (plural, one) = picture_size(item), words
    if actual is None and not isinstance(item, str | bytes | Path):
        kind = type(item).__name__
        raise DataError(
            f"{rows.names[row]} is {'missing' if item is None else f'a {kind}'}, and "
            f"{plural} are counted in the pixels of a picture: give picture files, or "
            "pictures of Pillow."
        )
    if actual is None:  # a file that can't be read is reported later, with all others
        return marked.size or (1 << 30, 1 << 30)
    if marked.size is not None and marked.size != actual:
        said, found = ("x".join(map(str, size)) for size in (marked.size, actual))
        raise DataError(
            f"{marked.where}: it says that {rows.names[row]} is {said}, and the "
            f"picture is {found}. {one} is counted in the pixels of its own picture."
        )
    return actual
