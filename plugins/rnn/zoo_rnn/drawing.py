"""What the cards show: answers by length, and forecasts beside what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo.evaluation import plots as pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["by_length", "course"]

COLOURS = ("#cc6677", "#4477aa")
PARTS = 10  # groups of reviews, equally many in each
SHOWN = 60  # days of the lower panel


def by_length(right: Tensor, length: Tensor) -> bytes:
    """Return the share of right answers for groups of like length; both (rows,)."""
    order = length.argsort(stable=True)
    groups = [part for part in order.tensor_split(PARTS) if len(part)]
    shares = [right[part].float().mean().item() for part in groups]
    names = [f"{int(length[p].min())}-{int(length[p].max())}" for p in groups]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.bar(range(len(groups)), shares, color=COLOURS[1])
        axes.set_xticks(range(len(groups)), names, fontsize=8)
        axes.set(xlabel="characters of the review", ylabel="share read rightly")
        axes.set_ylim(0.5, 1)
        axes.grid(alpha=0.3, axis="y")

    return pictures.png(6.4, 3.0, draw)


def course(true: Tensor, said: Tensor, before: Tensor, unit: str) -> bytes:
    """Return what came, what was forecast, and the day before, of which the first days
    are drawn again, larger; all (days,).
    """
    rows = {"true": true, "forecast": said, "the day before": before}

    def draw(figure: Figure) -> None:
        for place, count in enumerate((len(true), min(SHOWN, len(true))), start=1):
            axes = figure.add_subplot(2, 1, place)
            for number, (name, values) in enumerate(rows.items()):
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

    return pictures.png(7.2, 5.4, draw)
