"""Teach two perceptrons AND and OR by the perceptron rule.

Read it from top to bottom. Both gates are linearly separable, so the rule ends with no
error (Novikoff, 1962); the loop stops at the first epoch without one.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate
from zoo_perceptron.perceptron import Perceptron
from zoo_perceptron.tables import gates

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


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


def report(model: nn.Module, run: Run) -> None:
    """Draw the two half-planes, and ask what lies between the corners."""
    rows = data(run, "train")
    majority = rows.target.mean(dim=0).round()
    run.log_baseline("majority answer", accuracy=_share(rows.target == majority))
    run.log_summary(epochs_needed=len(run.history))
    run.log_figure(
        "regions",
        pictures.regions(
            model,
            rows.input,
            rows.target,
            ("a", "b"),
            ("false", "true"),
            panels={"and": lambda o: o[:, 0], "or": lambda o: o[:, 1]},
        ),
        "Where the two perceptrons say true.",
    )


def _share(right: Tensor) -> float:
    return right.float().mean().item()
