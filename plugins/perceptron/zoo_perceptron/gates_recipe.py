"""Train two perceptrons on AND and OR with the perceptron rule.

Read it from top to bottom. Both gates are linearly separable, so the rule converges to
zero errors (Novikoff, 1962); the loop stops at the first epoch without an error.
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
    lr: float = 1.0


SMOKE_SETTINGS = {"epochs": 2}


def data(run: Run, split: str) -> TensorRows:
    """Return the four rows and the outputs of AND and OR."""
    return gates(run, "and", "or")


def train(settings: Settings, run: Run) -> Perceptron:
    rows = data(run, "train")
    model: Perceptron = run.build()
    for _ in run.epochs(settings.epochs):
        errors = sum(
            model.update(row, target, lr=settings.lr)
            for row, target in zip(rows.input, rows.target, strict=True)
        )
        run.log({"errors": errors, **evaluate(model, rows)})
        if not errors:
            break
    return model
