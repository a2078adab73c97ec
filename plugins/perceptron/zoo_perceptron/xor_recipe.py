"""Train a 2-2-1 sigmoid network on XOR by back-propagation.

Read it from top to bottom. A network this small has poor local minima: from some
initial weights it ends at two or three right answers. The loop therefore restarts from
other random weights until all four are right.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo_perceptron.gates import gates
from zoo_perceptron.xor import XorMLP

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


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
