"""Rows that are copies of training rows, by their content: other rows, which then
flatter a model, and training rows with another label."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.datasets.custom.examples import (
    Column,
    DatasetSplits,
    LabeledExamples,
    stored,
)
from zoo.tasks.targets.base import some

__all__ = ["contents", "contradiction_notes", "copied_rows", "copy_notes"]

SHOWN = 3  # copies that a message names


def copied_rows(splits: DatasetSplits) -> dict[str, list[int]]:
    """Return the rows of each other split whose input is that of a training row.

    They are the same to the byte: a file, a text, the numbers of a row, or of a whole
    window of a series. Inputs that are neither files nor rows of a table are not
    compared.
    """
    training = contents(splits.training)
    if training is None:
        return {}
    seen = {*training}
    found: dict[str, list[int]] = {}
    for part, rows in splits.parts().items():
        hashes = None if part == "training" else contents(rows)
        copies = [row for row, one in enumerate(hashes or ()) if one in seen]
        if copies:
            found[part] = copies
    return found


def copy_notes(splits: DatasetSplits) -> tuple[str, ...]:
    """Return what is said of copies, a sentence for each split that has some."""
    notes = []
    for part, copies in copied_rows(splits).items():
        rows = splits.parts()[part]
        names = some([str(rows.names[row]) for row in copies[:SHOWN]])
        more = ", ..." if len(copies) > SHOWN else ""
        are = "is a copy" if len(copies) == 1 else "are copies"
        notes.append(
            f"{splits.source_of(part)}: {len(copies):,} of {len(rows):,} {part} rows "
            f"{are} of training rows ({names}{more}), so the {part} metrics flatter "
            "the model. Remove the copies."
        )
    return tuple(notes)


def contradiction_notes(splits: DatasetSplits) -> tuple[str, ...]:
    """Return what is said of training rows that are the same under several labels.

    Of pictures and texts: rows of a few numbers may well be the same.
    """
    rows, labels = splits.training, splits.labels
    several = isinstance(rows.items, Column) and rows.items.name is None
    if not labels or several or not all(isinstance(one, int) for one in rows.targets):
        return ()
    alike: dict[bytes, list[int]] = {}
    for row, one in enumerate(contents(rows) or ()):
        alike.setdefault(one, []).append(row)
    wrong = [
        same for same in alike.values() if len({rows.targets[row] for row in same}) > 1
    ]
    if not wrong:
        return ()
    count = sum(map(len, wrong))
    shown = some([f"{rows.names[n]} is {labels[rows.targets[n]]!r}" for n in wrong[0]])
    return (
        f"{splits.source_of('training')}: {count:,} training rows have the content of "
        f"another one and a different label ({shown}). Keep one label of each.",
    )


def contents(rows: LabeledExamples) -> list[bytes] | None:
    """Return a hash of each row's input; None where they can't be compared."""
    items = rows.items
    if isinstance(items, Column):
        return [_hash(values) for values in items.contents()]
    try:
        if not all(isinstance(item, Path | bytes) for item in items):
            return None
        return [
            _hash([item if isinstance(item, bytes) else item.read_bytes()])
            for item in items
        ]
    except OSError:
        return None


def _hash(values: Sequence[Any]) -> bytes:
    seal = hashlib.sha256()
    for value in values:
        seal.update(stored(value))
    return seal.digest()
