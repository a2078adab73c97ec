"""The truth tables that the logic networks are trained and evaluated on."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from zoo import Run
from zoo.datasets.in_memory import TensorRows

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["gates", "logic_gates"]


def logic_gates(split: str) -> Dataset:
    """Return all four rows; `split` can only be "train"."""
    from datasets import Dataset

    return Dataset.from_list(
        [
            {"a": a, "b": b, "and": a & b, "or": a | b, "xor": a ^ b}
            for a, b in product((0, 1), repeat=2)
        ]
    )


def gates(run: Run, *names: str) -> TensorRows:
    """Return the truth table with the columns `names` as targets.

    Training and test rows are the same four: a gate has no others.
    """
    target = names if len(names) > 1 else names[0]
    return run.load_rows("logic-gates", "train", columns=("a", "b"), target=target)
