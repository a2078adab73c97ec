"""Two synthetic tables, and how to read and split those of the recipes."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from zoo import NumberOutput, Run, TabularInput
from zoo.recipes import TensorRows

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "column_names",
    "exam_scores",
    "load_rows",
    "sine",
    "target_name",
    "train_or_test",
]

SPLIT_SEED = 0  # of every split in two; fixed before anything was trained
TEST_FRACTION = 0.2
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


def load_rows(run: Run, split: str, target: str) -> TensorRows:
    """Return the columns the model takes, in its order, and `target`."""
    (name,) = run.spec.trained_on
    return run.load_rows(name, split, columns=column_names(run), target=target)


def column_names(run: Run) -> list[str]:
    """Return the names of the columns the model takes."""
    assert isinstance(run.spec.input, TabularInput), "every model here takes a table"
    return [column.name for column in run.spec.input.columns]


def target_name(run: Run) -> str:
    """Return the name of the number the model predicts."""
    assert isinstance(run.spec.output, NumberOutput), "only regressions ask"
    return run.spec.output.name


def train_or_test(rows: TensorRows, split: str) -> TensorRows:
    """Return the training or the test rows of a set that has no published split."""
    count = len(rows)
    train_rows, test_rows = rows.split(
        int((1 - TEST_FRACTION) * count) / count, seed=SPLIT_SEED
    )
    chosen = test_rows if split == "test" else train_rows
    return replace(chosen, source=f"{rows.source.partition('/')[0]}/{split}")
