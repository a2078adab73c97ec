"""What the card of the two perceptrons tells: their half-planes."""

from torch import Tensor, nn

from zoo import Run
from zoo.evaluation import plots as pictures
from zoo_perceptron.gates_recipe import data

__all__ = ["report"]


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
