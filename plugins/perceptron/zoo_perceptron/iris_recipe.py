"""Train a perceptron to separate setosa from versicolor by sepal and petal length.

Read it from top to bottom. Iris has no published split: of its first 100 rows, which
hold these two species, every fifth is held out for the test. The course trains on all
100; `report` does that too, and notes its errors by epoch.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate
from zoo_perceptron.perceptron import Perceptron, perceptron

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0  # unused: the rule starts at zero and takes the rows in order
    epochs: int = 10
    lr: float = 0.1


SMOKE_SETTINGS = {"epochs": 2}
COURSE_ERRORS = (2, 2, 3, 2, 1, 0)  # of its first six epochs, on 100 rows


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


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, the course's run on all 100 rows, and a plot."""
    rows = both_species(run)
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    correct = model(rows.input)[:, 0] == rows.target
    run.log_summary(correct_of_100=correct.sum().item())
    course_model = perceptron(inputs=2, outputs=1)
    for number in range(1, len(COURSE_ERRORS) + 1):
        errors = train_epoch(course_model, rows, Settings())
        run.log_summary(**{f"course_errors_{number}": errors})
    run.log_figure(
        "regions",
        pictures.regions(
            model,
            rows.input,
            rows.target,
            ("sepal length, cm", "petal length, cm"),
            run.spec.labels,
            panels={"setosa or versicolor": lambda o: o[:, 0]},
        ),
        "The decision boundary of the perceptron, and all 100 flowers.",
    )
