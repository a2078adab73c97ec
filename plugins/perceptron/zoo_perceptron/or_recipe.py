"""Train one sigmoid neuron on OR, its gradient written by hand.

Read it from top to bottom. The gradient itself is in `zoo_perceptron.neuron`, where the
formula stands beside it; a test compares it with autograd's.
"""

from dataclasses import dataclass

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo_perceptron.neuron import Neuron
from zoo_perceptron.truth_tables import gates

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


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


def report(model: Neuron, run: Run) -> None:
    """Add the four outputs and the parameters, and plot the output over the plane."""
    rows = data(run, "train")
    run.log_baseline("majority class", accuracy=rows.target.float().mean().item())
    output = predict_batches(model, rows.input)[:, 0].sigmoid()
    names = ("output_00", "output_01", "output_10", "output_11")
    run.log_summary(**dict(zip(names, output.tolist(), strict=True)))
    first, second = model.weight.tolist()
    run.log_summary(weight_a=first, weight_b=second, bias=model.bias.item())
    run.log_figure(
        "regions",
        pictures.regions(
            model,
            rows.input,
            rows.target,
            ("a", "b"),
            ("false", "true"),
            panels={"or": lambda o: o[:, 0].sigmoid()},
        ),
        "The output of the neuron over the plane of its inputs.",
    )
