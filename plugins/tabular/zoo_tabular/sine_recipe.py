"""Fit a cubic to the sine by gradient descent, the gradient written by hand.

Read it from top to bottom. The gradient itself is in `zoo_tabular.polynomial`, where
the formula stands beside it; a test compares it with autograd's. The course stops after
2,000 steps, far from the bottom; this goes on until least squares has nothing better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo_tabular.polynomial import Cubic, powers
from zoo_tabular.tables import rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

COURSE = 2000  # its last step
FAR = 6.0  # radians: beyond the points, and nearly a whole turn


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    steps: int = 20_000
    lr: float = 1e-6  # the course's; above 7e-6 the steps overshoot and grow


SMOKE_SETTINGS = {"steps": 20}


def data(run: Run, split: str) -> TensorRows:
    """Return all 1,000 points: what is measured is the fit, not a prediction."""
    return rows(run, "train", "sine")


def train(settings: Settings, run: Run) -> Cubic:
    points = data(run, "train")
    target = points.target.float()
    model: Cubic = run.build()
    for step in run.epochs(settings.steps):
        error = model.descend(points.input, target, lr=settings.lr)
        if step == min(COURSE, settings.steps):
            run.log_summary(sse_of_the_course=error)
        if step % 500 == 0 or step == settings.steps:
            run.log({"squared_error": error, **evaluate(model, points)})
    return model


def report(model: Cubic, run: Run) -> None:
    """Note how close to the optimum the fit is; draw it over the sine."""
    points = data(run, "train")
    run.log_baseline("mean", **baselines.mean(points, points))
    run.log_baseline("straight line", **baselines.least_squares(points, points))
    wanted, given = points.target.double(), powers(points.input.double())
    best = torch.linalg.lstsq(given, wanted[:, None]).solution
    said = predict_batches(model, points.input)[:, 0]
    run.log_summary(
        sse=(said - wanted).square().sum().item(),
        sse_of_least_squares=(given @ best - wanted[:, None]).square().sum().item(),
        **dict(zip("abcd", model.weight.tolist(), strict=True)),
        far_said=predict_batches(model, torch.tensor([[FAR]])).item(),
        far_true=torch.tensor(FAR).sin().item(),
    )
    run.log_figure("fit", drawn(points, said), "The sine, and the cubic fitted to it.")


def drawn(points: TensorRows, said: torch.Tensor) -> bytes:
    """Return a picture of the points and of what the cubic makes of them."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        across = points.input[:, 0].numpy()
        axes.plot(across, points.target.numpy(), color="black", label="sine")
        axes.plot(across, said.numpy(), color=pictures.COLOURS[0], label="cubic")
        axes.set(xlabel="x, radians", ylabel="y")
        axes.grid(alpha=0.3)
        axes.legend()

    return pictures.png(4.8, 3.2, draw)
