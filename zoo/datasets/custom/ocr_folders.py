"""Pictures with the text that they show: named by it, or beside it in a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo._utils import paths as folders
from zoo.datasets.custom.segmentation_masks import PICTURES
from zoo.datasets.custom.targets import RawRows, some
from zoo.errors import DataError

__all__ = ["alphabet", "columns", "inscribed"]


def inscribed(folder: Path) -> RawRows:
    """Return the pictures of a folder, and of those in it, each named by its text.

    The text is what stands before the first dot: "2b827.png", or "2b827.2.png" where
    two pictures show the same.
    """
    found = folders.files(folder, PICTURES)
    if not found:
        raise DataError(
            f"{folder} holds no pictures ({', '.join(PICTURES)}). Name each picture by "
            "the text that it shows: captchas/2b827.png."
        )
    texts = [path.name.partition(".")[0] for path in found]
    return RawRows(found, texts, [str(path.relative_to(folder)) for path in found])


def columns(path: Path) -> dict[str, list[str | None]]:
    """Return the columns of a CSV file as they are written: "007" is no number."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return {name: [row[name] for row in rows] for name in reader.fieldnames or ()}


def alphabet(
    source: str,
    parts: Mapping[str, RawRows],
    labels: Sequence[str] | None,
    known: Sequence[str],
) -> tuple[str, ...]:
    """Return the characters, in order, and let every target be a text of them.

    They are `labels`, or those that are `known` and after them what is new in the
    training rows.
    """
    for part, rows in parts.items():
        rows.targets = [_text(value) for value in rows.targets]
        missing = [rows.names[n] for n, text in enumerate(rows.targets) if not text]
        if missing:
            what = "row has" if len(missing) == 1 else "rows have"
            raise DataError(
                f"{source}: {len(missing)} {part} {what} no text: {some(missing)}."
            )
    seen = set("".join(parts["training"].targets))
    names = tuple(map(str, labels)) if labels is not None else tuple(known)
    if labels is None:
        names += tuple(sorted(seen - {*names}))
    for part, rows in parts.items():
        strange = sorted(set("".join(rows.targets)) - {*names})
        if strange:
            raise DataError(
                f"{source}: the {part} rows have characters that are not learned: "
                f"{some([*map(repr, strange)])}. Learned: {''.join(names)!r}."
            )
    return names


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
