"""Two synthetic tables."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["exam_scores", "sine"]

STUDENTS = {"train": 800, "test": 200}


def sine(split: str) -> Dataset:
    """Return 1,000 points of the sine from -pi to pi; `split` can only be "train"."""
    from datasets import Dataset

    points = [math.pi * (2 * n / 999 - 1) for n in range(1000)]
    return Dataset.from_dict({"x": points, "sine": list(map(math.sin, points))})


def exam_scores(split: str) -> Dataset:
    """Return synthetic students: score = (5 study + 2 sleep + 40) / 100, no noise.

    The formula is the course's; the ranges are chosen so that no score exceeds one.
    """
    from datasets import Dataset

    generator = random.Random(827)  # Python promises the same numbers for ever
    students = [
        (round(generator.uniform(0, 7), 1), round(generator.uniform(4, 10), 1))
        for _ in range(sum(STUDENTS.values()))
    ]
    border = STUDENTS["train"]
    chosen = students[:border] if split == "train" else students[border:]
    return Dataset.from_list(
        [
            {
                "study": study,
                "sleep": sleep,
                "score": (5 * study + 2 * sleep + 40) / 100,
            }
            for study, sleep in chosen
        ]
    )
