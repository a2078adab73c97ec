"""What the card of the cubic tells: the optimum beside it, and a plot of the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from zoo import Run
from zoo.recipes import TensorRows, baselines, plots, predict_batches
from zoo_tabular.polynomial import Cubic, powers
from zoo_tabular.sine_recipe import data

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["report"]

OUTSIDE = 6.0  # radians: beyond the points, and nearly a whole turn


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
        axes.plot(x, predicted.numpy(), color=plots.COLORS[0], label="cubic")
        axes.set(xlabel="x, radians", ylabel="y")
        axes.grid(alpha=0.3)
        axes.legend()

    return plots.to_png(4.8, 3.2, draw)
