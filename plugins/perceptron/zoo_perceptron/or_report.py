"""What the card of the neuron tells: its four outputs, and those between them."""

from zoo import Run
from zoo.recipes import plots, predict_batches
from zoo_perceptron.neuron import Neuron
from zoo_perceptron.or_recipe import data

__all__ = ["report"]


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
        plots.decision_regions(
            model,
            rows.input,
            rows.target,
            ("a", "b"),
            ("false", "true"),
            panels={"or": lambda o: o[:, 0].sigmoid()},
        ),
        "The output of the neuron over the plane of its inputs.",
    )
