"""Set the weights of a 2-2-1 step network by hand, so that it computes XOR.

Read it from top to bottom. With F(z) = 1 if z >= 0, else 0, the course gives

    a1 = F(5 x1 + 5 x2 - 8)        only both
    a2 = F(-7 x1 - 7 x2 + 3)       neither
    y = F(-11 a1 - 11 a2 + 6)      not one of these two

Nothing is trained: step units have no gradient.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate
from zoo_perceptron.perceptron import best_accuracy
from zoo_perceptron.truth_tables import gates
from zoo_perceptron.xor import XorMLP

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0  # unused: nothing is drawn


SMOKE_SETTINGS: dict[str, object] = {}


def data(run: Run, split: str) -> TensorRows:
    """Return the four rows and the outputs of XOR."""
    return gates(run, "xor")


@torch.no_grad()
def train(settings: Settings, run: Run) -> XorMLP:
    model: XorMLP = run.build()
    model.hidden.weight.copy_(torch.tensor([[5.0, 5.0], [-7.0, -7.0]]))
    model.hidden.bias.copy_(torch.tensor([-8.0, 3.0]))
    model.output.weight.copy_(torch.tensor([[-11.0, -11.0]]))
    model.output.bias.copy_(torch.tensor([6.0]))
    return model


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
        pictures.regions(
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
