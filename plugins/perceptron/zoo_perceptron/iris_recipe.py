"""Train a perceptron to separate setosa from versicolor by sepal and petal length.

Read it from top to bottom. Iris has no published split: of its first 100 rows, which
hold these two species, every fifth is held out for the test. The course trains on all
100; `iris_report` does that too, and notes its errors by epoch.
"""

from dataclasses import dataclass, replace

import torch

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo_perceptron.perceptron import Perceptron

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0  # unused: the rule starts at zero and takes the rows in order
    epochs: int = 10
    lr: float = 0.1


SMOKE_SETTINGS = {"epochs": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return the two lengths in cm; the label is 0 for setosa, 1 for versicolor."""
    rows = both_species(run)
    held_out = torch.arange(len(rows)) % 5 == 4
    part = rows[held_out if split == "test" else ~held_out]
    return replace(part, source=f"iris/{split}")


def both_species(run: Run) -> TensorRows:
    columns = ("sepal_length", "petal_length")
    return run.load_rows("iris", "train", columns=columns)[:100]


def train(settings: Settings, run: Run) -> Perceptron:
    rows = data(run, "train")
    model: Perceptron = run.build()
    for _ in run.epochs(settings.epochs):
        errors = train_epoch(model, rows, settings)
        run.log({"errors": errors, **evaluate(model, rows)})
    return model


def train_epoch(model: Perceptron, rows: TensorRows, settings: Settings) -> int:
    """Update the perceptron on every row once; return the number of errors."""
    return sum(
        model.update(row, target.view(1), lr=settings.lr)
        for row, target in zip(rows.input, rows.target, strict=True)
    )
