"""Text columns of registered datasets, to train tokenizers on."""

import random

from zoo.datasets import registered
from zoo.datasets.in_memory import SYNTHETIC_ROWS, check_columns
from zoo.errors import DataError, DatasetNotFound, MissingExtra

__all__ = ["load_texts", "synthetic_texts"]

NOISE = 500  # different words of the texts that stand in


def load_texts(
    name: str, split: str = "train", *, column: str = "text", stand_in: bool = False
) -> list[str]:
    """Return a text column of a dataset.

    With `stand_in`, random words are returned if the data is unavailable.
    """
    try:
        rows = registered.load_dataset(name, split)
    except (DataError, DatasetNotFound, MissingExtra):
        if not stand_in:
            raise
        return synthetic_texts()
    check_columns(f"{name}/{split}", rows, (column,))
    return [str(text) for text in rows[column][:]]  # all at once: much sooner


def synthetic_texts() -> list[str]:
    """Return random words, for runs without the data."""
    drawing = random.Random(0)
    letters = str.maketrans("0123456789", "abcdefghij")  # to some, numbers are no words
    words = [f"word{number}".translate(letters) for number in range(NOISE)]
    return [" ".join(drawing.choices(words, k=20)) for _ in range(SYNTHETIC_ROWS)]
