"""Which rows a model was fine-tuned on, for whoever measures it on them later.

Hashes of the training rows are kept in the cache of this machine, by the SHA-256 of the
weights. They are not in the checkpoint folder: with them anybody could find out whether
some file was among somebody's rows.
"""

from contextlib import suppress
from pathlib import Path

from zoo._utils import paths
from zoo._utils.atomic_write import write_atomic
from zoo.datasets.custom.copies import contents
from zoo.datasets.custom.examples import LabeledExamples

__all__ = ["count_trained", "remember_trained"]


def remember_trained(sha256: str, rows: LabeledExamples) -> None:
    """Keep what the model with these weights was trained on, where that can be kept."""
    hashes = contents(rows)
    if hashes is not None:
        lines = sorted({one.hex() for one in hashes})
        with suppress(OSError):
            write_atomic(_place(sha256), "\n".join(lines).encode())


def count_trained(sha256: str, rows: LabeledExamples) -> int:
    """Return how many rows the model with these weights was trained on, as is known
    here: none where it was fine-tuned elsewhere."""
    try:
        known = set(_place(sha256).read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError):
        return 0
    return sum(one.hex() in known for one in contents(rows) or ())


def _place(sha256: str) -> Path:
    return paths.cache_dir() / "trained-rows" / f"{sha256}.txt"
