"""What the card of the network for XOR tells: its outputs, and one layer beside it."""

from torch import nn

from zoo import Run
from zoo.recipes import plots, predict_batches
from zoo_perceptron.perceptron import best_accuracy
from zoo_perceptron.xor_recipe import data

__all__ = ["report"]


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines and the four outputs, and plot the output over the plane."""
    rows = data(run, "train")
    best = best_accuracy(rows.input, rows.target)
    run.log_baseline("best single perceptron", accuracy=best)
    run.log_baseline("majority class", accuracy=rows.target.float().mean().item())
    output = predict_batches(model, rows.input)[:, 0].sigmoid()
    names = ("output_00", "output_01", "output_10", "output_11")
    run.log_summary(n_init_used=len(run.history))
    run.log_summary(**dict(zip(names, output.tolist(), strict=True)))
    run.log_figure(
        "regions",
        plots.decision_regions(
            model,
            rows.input,
            rows.target,
            ("a", "b"),
            ("false", "true"),
            panels={"xor": lambda o: o[:, 0].sigmoid()},
        ),
        "The output of the network over the plane of its inputs.",
    )
