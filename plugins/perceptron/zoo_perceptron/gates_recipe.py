"""Train two perceptrons on AND and OR with the perceptron rule.

Read it from top to bottom. Both gates are linearly separable, so the rule converges to
zero errors (Novikoff, 1962); the loop stops at the first epoch without an error.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate
from zoo_perceptron.perceptron import Perceptron
from zoo_perceptron.truth_tables import gates

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


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


def report(model: nn.Module, run: Run) -> None:
    """Add the baseline, and plot the two half-planes."""
    rows = data(run, "train")
    majority = rows.target.mean(dim=0).round()
    run.log_baseline("majority answer", accuracy=_fraction(rows.target == majority))
    run.log_summary(epochs_to_converge=len(run.history))
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
        "Where the two perceptrons output true.",
    )


def _fraction(true: Tensor) -> float:
    return true.float().mean().item()
