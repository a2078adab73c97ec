"""Train a 2-2-1 sigmoid network on XOR by back-propagation.

Read it from top to bottom. A network this small has poor local minima: from some
initial weights it ends at two or three right answers. The loop therefore restarts from
other random weights until all four are right.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo_perceptron.perceptron import best_accuracy
from zoo_perceptron.truth_tables import gates
from zoo_perceptron.xor import XorMLP

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    n_init: int = 10  # random initializations to try, at most
    iterations: int = 1000
    lr: float = 0.05


SMOKE_SETTINGS = {"n_init": 1, "iterations": 20}


def data(run: Run, split: str) -> TensorRows:
    """Return the four rows and the outputs of XOR."""
    return gates(run, "xor")


def train(settings: Settings, run: Run) -> XorMLP:
    rows = data(run, "train")
    for _ in run.epochs(settings.n_init):
        model: XorMLP = run.build()
        optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
        for _ in range(settings.iterations):
            logit = model(rows.input)[:, 0]
            loss = binary_cross_entropy_with_logits(logit, rows.target.float())
            run.step(loss, optimizer)
        metrics = evaluate(model, rows)
        run.log(metrics)
        if metrics["accuracy"] == 1.0:
            break
    return model


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
        pictures.regions(
            model,
            rows.input,
            rows.target,
            ("a", "b"),
            ("false", "true"),
            panels={"xor": lambda o: o[:, 0].sigmoid()},
        ),
        "The output of the network over the plane of its inputs.",
    )
