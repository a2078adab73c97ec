"""Figures of the cards: accuracy by length, and forecasts beside the true prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo.recipes import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accuracy_by_length", "forecast"]

COLOURS = ("#cc6677", "#4477aa")
QUANTILES = 10  # groups of reviews of equal size
ZOOMED_DAYS = 60  # of the lower panel


def accuracy_by_length(correct: Tensor, length: Tensor) -> bytes:
    """Return the accuracy for groups of similar length; both are (rows,)."""
    order = length.argsort(stable=True)
    groups = [group for group in order.tensor_split(QUANTILES) if len(group)]
    accuracy = [correct[group].float().mean().item() for group in groups]
    names = [f"{int(length[g].min())}-{int(length[g].max())}" for g in groups]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.bar(range(len(groups)), accuracy, color=COLOURS[1])
        axes.set_xticks(range(len(groups)), names, fontsize=8)
        axes.set(xlabel="characters of the review", ylabel="accuracy")
        axes.set_ylim(0.5, 1)
        axes.grid(alpha=0.3, axis="y")

    return plots.to_png(6.4, 3.0, draw)


def forecast(true: Tensor, predicted: Tensor, previous: Tensor, unit: str) -> bytes:
    """Return a plot of the true values, the forecasts, and the day before.

    All are (days,). The lower panel shows the first days again, enlarged.
    """
    series = {"true": true, "forecast": predicted, "the day before": previous}

    def draw(figure: Figure) -> None:
        for place, count in enumerate(
            (len(true), min(ZOOMED_DAYS, len(true))), start=1
        ):
            axes = figure.add_subplot(2, 1, place)
            for number, (name, values) in enumerate(series.items()):
                axes.plot(
                    torch.arange(count).tolist(),
                    values[:count].tolist(),
                    color=("black", *COLOURS)[number],
                    linewidth=(1.4, 1.2, 0.8)[number],
                    linestyle=("-", "-", ":")[number],
                    label=name,
                )
            axes.set(xlabel="day of the test split", ylabel=unit)
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)

    return plots.to_png(7.2, 5.4, draw)
