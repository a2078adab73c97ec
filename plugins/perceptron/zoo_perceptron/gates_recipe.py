"""Teach two perceptrons AND and OR by the perceptron rule.

Read it from top to bottom. Both gates are linearly separable, so the rule ends with no
error (Novikoff, 1962); the loop stops at the first epoch without one.
"""

from dataclasses import dataclass

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo_perceptron.gates import gates
from zoo_perceptron.perceptron import Perceptron

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0  # unused: the rule starts at zero and takes the rows in order
    epochs: int = 20  # an upper bound
    rate: float = 1.0


SMOKE_SETTINGS = {"epochs": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return the four rows and what AND and OR make of them."""
    return gates(run, "and", "or")


def train(settings: Settings, run: Run) -> Perceptron:
    rows = data(run, "train")
    model: Perceptron = run.build()
    for _ in run.epochs(settings.epochs):
        wrong = sum(
            model.correct(row, target, rate=settings.rate)
            for row, target in zip(rows.input, rows.target, strict=True)
        )
        run.log({"errors": wrong, **evaluate(model, rows)})
        if not wrong:
            break
    return model
