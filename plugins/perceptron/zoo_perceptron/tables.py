"""The truth tables that the logic networks learn, and are judged by."""

from itertools import product

from zoo import Run
from zoo.tensors import Tensors

__all__ = ["gates", "logic_gates"]


def logic_gates(split: str) -> dict[str, list[int]]:
    """Return all four rows; `split` can only be "train"."""
    rows = list(product((0, 1), repeat=2))
    return {
        "a": [a for a, _ in rows],
        "b": [b for _, b in rows],
        "and": [a & b for a, b in rows],
        "or": [a | b for a, b in rows],
        "xor": [a ^ b for a, b in rows],
    }


def gates(run: Run, *names: str) -> Tensors:
    """Return the truth table with the columns `names` as targets.

    Training and test rows are the same four: a gate has no others.
    """
    target = names if len(names) > 1 else names[0]
    return run.tensors("logic-gates", "train", columns=("a", "b"), target=target)
