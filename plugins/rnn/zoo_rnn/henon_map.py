"""The series of the Henon map: chaotic, and known exactly from its last two values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["SPLITS", "henon_map", "henon_rows"]

A, B = 1.4, 0.3  # the parameters of Henon's paper
SPLITS = {"train": (0.1, 3_000), "test": (0.2, 1_000)}  # the start, and the values
SKIPPED = 100  # values at the beginning, which are not on the attractor yet


def henon_map(start: float, count: int) -> list[float]:
    """Return `count` values after the first hundred.

    Henon: "A two-dimensional mapping with a strange attractor", 1976:
    x_(t+1) = 1 - a x_t^2 + b x_(t-1).
    """
    values = [start, start]
    for _ in range(SKIPPED + count):
        values.append(1 - A * (values[-1] * values[-1]) + B * values[-2])
    return values[-count:]


def henon_rows(split: str) -> Dataset:
    """Return the values of a split, one a row."""
    from datasets import Dataset

    return Dataset.from_dict({"x": henon_map(*SPLITS[split])})
