"""Train one sigmoid neuron on OR, its gradient written by hand.

Read it from top to bottom. The gradient itself is in `zoo_perceptron.neuron`, where the
formula stands beside it; a test compares it with autograd's.
"""

from dataclasses import dataclass

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo_perceptron.gates import gates
from zoo_perceptron.neuron import Neuron

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 827  # the course's
    iterations: int = 1000
    lr: float = 1.0


SMOKE_SETTINGS = {"iterations": 20}


def data(run: Run, split: str) -> TensorRows:
    """Return the four rows and the outputs of OR."""
    return gates(run, "or")


def train(settings: Settings, run: Run) -> Neuron:
    rows = data(run, "train")
    model: Neuron = run.build()
    for iteration in run.epochs(settings.iterations):
        error = model.gradient_step(rows.input, rows.target, lr=settings.lr)
        if iteration % 50 == 0 or iteration == settings.iterations:
            run.log({"squared_error": error, **evaluate(model, rows)})
    return model
