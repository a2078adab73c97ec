"""What the card of the two perceptrons tells: their half-planes."""

from torch import Tensor, nn

from zoo import Run
from zoo.recipes import plots
from zoo_perceptron.gates_recipe import data

__all__ = ["report"]


def report(model: nn.Module, run: Run) -> None:
    """Add the baseline, and plot the two half-planes."""
    rows = data(run, "train")
    majority = rows.target.mean(dim=0).round()
    run.log_baseline("majority answer", accuracy=_fraction(rows.target == majority))
    run.log_summary(epochs_to_converge=len(run.history))
    run.log_figure(
        "regions",
        plots.decision_regions(
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
