"""Fit a cubic to the sine by gradient descent, the gradient written by hand.

Read it from top to bottom. The gradient itself is in `zoo_tabular.polynomial`, where
the formula stands beside it; a test compares it with autograd's. The course stops after
2,000 steps, far from the minimum; this recipe goes on until it has reached the solution
of least squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from zoo import Run
from zoo.recipes import TensorRows, baselines, evaluate, predict_batches
from zoo.recipes import plots as pictures
from zoo_tabular.polynomial import Cubic, powers
from zoo_tabular.tables import load_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

COURSE_STEPS = 2000
OUTSIDE = 6.0  # radians: beyond the points, and nearly a whole turn


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    steps: int = 20_000
    lr: float = 1e-6  # the course's; above 7e-6 gradient descent diverges


SMOKE_SETTINGS = {"steps": 20}


def data(run: Run, split: str) -> TensorRows:
    """Return all 1,000 points: what is measured is the fit, not a prediction."""
    return load_rows(run, "train", "sine")


def train(settings: Settings, run: Run) -> Cubic:
    points = data(run, "train")
    target = points.target.float()
    model: Cubic = run.build()
    for step in run.epochs(settings.steps):
        error = model.gradient_step(points.input, target, lr=settings.lr)
        if step == min(COURSE_STEPS, settings.steps):
            run.log_summary(course_sse=error)
        if step % 500 == 0 or step == settings.steps:
            run.log({"squared_error": error, **evaluate(model, points)})
    return model


def report(model: Cubic, run: Run) -> None:
    """Add the baselines and the distance to the optimum; plot the fit."""
    points = data(run, "train")
    run.log_baseline("mean", **baselines.mean(points, points))
    run.log_baseline("straight line", **baselines.least_squares(points, points))
    target, features = points.target.double(), powers(points.input.double())
    optimum = torch.linalg.lstsq(features, target[:, None]).solution
    residual = features @ optimum - target[:, None]
    predicted = predict_batches(model, points.input)[:, 0]
    run.log_summary(
        sse=(predicted - target).square().sum().item(),
        least_squares_sse=residual.square().sum().item(),
        **dict(zip("abcd", model.weight.tolist(), strict=True)),
        prediction_at_6=predict_batches(model, torch.tensor([[OUTSIDE]])).item(),
        sine_at_6=torch.tensor(OUTSIDE).sin().item(),
    )
    run.log_figure(
        "fit", plot_fit(points, predicted), "The sine, and the fitted cubic."
    )


def plot_fit(points: TensorRows, predicted: torch.Tensor) -> bytes:
    """Return a plot of the points and of the cubic."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        x = points.input[:, 0].numpy()
        axes.plot(x, points.target.numpy(), color="black", label="sine")
        axes.plot(x, predicted.numpy(), color=pictures.COLOURS[0], label="cubic")
        axes.set(xlabel="x, radians", ylabel="y")
        axes.grid(alpha=0.3)
        axes.legend()

    return pictures.png(4.8, 3.2, draw)
