"""What the card of the network set by hand tells: how far an input may be off."""

import torch
from torch import nn

from zoo import Run
from zoo.recipes import TensorRows, plots
from zoo_perceptron.perceptron import best_accuracy
from zoo_perceptron.xor_hand_set_recipe import data

__all__ = ["report"]


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, the tolerance to inputs that are off, and a plot."""
    rows = data(run, "train")
    best = best_accuracy(rows.input, rows.target)
    run.log_baseline("best single perceptron", accuracy=best)
    run.log_baseline("majority class", accuracy=rows.target.float().mean().item())
    corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    inward = 1 - 2 * corners  # the direction of the middle of the square
    offsets = [step / 100 for step in range(50)]
    passed = [o for o in offsets if _correct(model, corners + o * inward, rows)]
    run.log_summary(largest_offset=max(passed))
    run.log_figure(
        "regions",
        plots.decision_regions(
            model,
            rows.input,
            rows.target,
            ("a", "b"),
            ("false", "true"),
            panels={"xor": lambda o: o[:, 0]},
        ),
        "Where the network outputs true: the strip between two lines.",
    )


def _correct(model: nn.Module, row: torch.Tensor, rows: TensorRows) -> bool:
    return bool((model(row)[:, 0] == rows.target).all())
