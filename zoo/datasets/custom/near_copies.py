"""Validation and test pictures that look like training ones: saved anew, or made
smaller."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.datasets.custom.copies import SHOWN
from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.errors import InputError
from zoo.preprocessing import image_file
from zoo.tasks.targets.base import some

if TYPE_CHECKING:
    import numpy as np

__all__ = ["near_copies", "near_copy_notes"]

SIDE = 16  # pixels of a small grey copy, by which pictures are compared
DIFFERENCE = 2.0  # of 255, on average, that saving and shrinking make at most,
MOST_DIFFERENCE = 12.0  # and at any place: other letters differ in few, and there more
CONTRAST = 8.0  # of 255: pictures with less are all alike
MOST_ROWS = 3000  # of all splits; more would slow a fine-tuning


def near_copies(
    splits: DatasetSplits, exact: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    """Return the pictures of each other split that are nearly those of a training row.

    Rows that are `exact` copies are left out. Pictures that can't be opened, and those
    of large data, are not compared.
    """
    if sum(map(len, splits.parts().values())) > MOST_ROWS:
        return {}
    import numpy as np

    training = _small(splits.training, ())
    seen = np.stack([*training.values()]) if training else np.empty((0, SIDE * SIDE))
    found: dict[str, list[int]] = {}
    for part, rows in splits.parts().items() if len(seen) else ():
        if part == "training":
            continue
        for row, one in _small(rows, exact.get(part, ())).items():
            apart = np.abs(seen - one)
            alike = apart.mean(axis=1) <= DIFFERENCE
            if (alike & (apart.max(axis=1) <= MOST_DIFFERENCE)).any():
                found.setdefault(part, []).append(row)
    return found


def near_copy_notes(
    splits: DatasetSplits, exact: Mapping[str, Sequence[int]]
) -> tuple[str, ...]:
    """Return what is said of near copies, a sentence for each split that has some."""
    notes = []
    for part, near in near_copies(splits, exact).items():
        rows = splits.parts()[part]
        names = some([str(rows.names[row]) for row in near[:SHOWN]])
        more = ", ..." if len(near) > SHOWN else ""
        are = "is" if len(near) == 1 else "are"
        notes.append(
            f"{splits.source_of(part)}: {len(near):,} of {len(rows):,} {part} pictures "
            f"{are} nearly the same as a training picture ({names}{more}), so the "
            f"{part} metrics may flatter the model. Remove those that are copies."
        )
    return tuple(notes)


def _small(
    rows: LabeledExamples, without: Sequence[int]
) -> dict[int, np.ndarray[Any, Any]]:
    """Return small grey copies of the pictures of rows, by their number."""
    made = {}
    for row in sorted({*range(len(rows))} - {*without}):
        grey = _grey(rows.items[row])
        if grey is not None and grey.std() >= CONTRAST:
            made[row] = grey
    return made


def _grey(raw: Any) -> np.ndarray[Any, Any] | None:
    import numpy as np
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whoever learns from it says what is odd
            if isinstance(raw, Path | bytes):
                with image_file.opened(raw, "a picture") as image:
                    image.draft("L", (4 * SIDE, 4 * SIDE))  # a JPEG is decoded smaller
                    raw = image_file.upright(image_file.load_exact(image, "a picture"))
            if not isinstance(raw, Image.Image):
                return None
            small = raw.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    except (InputError, OSError, ValueError):
        return None
    return np.asarray(small, dtype=np.float32).reshape(-1)
