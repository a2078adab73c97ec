"""Figures of a run, as PNG bytes: curves, confusion, mistakes, decision regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from zoo.tasks.results.rendering import plotted as to_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "confusion_matrix",
    "curves",
    "decision_regions",
    "learning_curves",
    "lines",
    "misclassified",
    "predicted_vs_true",
    "to_png",
]

PANELS = 24  # of one picture
MOST = 1e100  # of a number that is drawn: an axis beyond has no ends
WIDTH = 40  # letters that stand side by side below a confusion
COLORS = ("#cc6677", "#4477aa", "#ddcc77", "#117733", "#aa4499", "#88ccee")


def learning_curves(history: Sequence[Mapping[str, float]]) -> bytes:
    """Plot every logged number over the epochs, one panel each."""
    return curves({"": history})


def curves(histories: Mapping[str, Sequence[Mapping[str, float]]]) -> bytes:
    """Plot the logged numbers of several runs over the epochs, one panel each.

    A run that did not log a number has no curve in its panel.
    """
    rows = [row for history in histories.values() for row in history[:1]]
    logged = dict.fromkeys(name for row in rows for name in row)
    names = [name for name in logged if name not in ("epoch", "seconds")][:PANELS]
    several = len(histories) > 1

    def draw(figure: Figure) -> None:
        for place, name in enumerate(names, start=1):
            axes = figure.add_subplot(1, len(names), place)
            for number, (run, history) in enumerate(histories.items()):
                kept = [row for row in history if _drawn(row, name)]
                colour = COLORS[number % len(COLORS)] if several else COLORS[1]
                epochs = [row["epoch"] for row in kept]
                values = [row[name] for row in kept]
                axes.plot(epochs, values, color=colour, label=run)
            axes.set_title(name, parse_math=False)
            axes.set_xlabel("epoch")
            axes.grid(alpha=0.3)
        if several:
            axes.legend(fontsize=8)

    return to_png(3.2 * len(names), 2.6, draw)


def _drawn(row: Mapping[str, float], name: str) -> bool:
    """Return whether a row has a point: a receipt may be a stranger's."""
    ends = row.get("epoch"), row.get(name)
    return all(one is not None and not abs(one) > MOST for one in ends)


def lines(
    series: Mapping[str, Sequence[float]], across: str, up: str, *, log: bool = False
) -> bytes:
    """Plot several series in one panel, counted from 1; `log` is for the axis `up`."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for place, (name, values) in enumerate(series.items()):
            # A second round through the colours is dashed.
            colour, style = COLORS[place % len(COLORS)], place // len(COLORS)
            axes.plot(
                range(1, len(values) + 1),
                values,
                color=colour,
                linestyle=("-", "--", ":")[style % 3],
                marker="." if len(values) < 12 else None,
                label=name,
            )
        axes.set(xlabel=across, ylabel=up, yscale="log" if log else "linear")
        axes.grid(alpha=0.3)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)

    return to_png(6.4, 3.4, draw)


def confusion_matrix(predicted: Tensor, true: Tensor, labels: Sequence[str]) -> bytes:
    """Plot the confusion matrix, in counts."""
    size = len(labels)
    counts = torch.bincount(true * size + predicted, minlength=size**2).view(size, size)
    crowded = size * max(map(len, labels)) > WIDTH

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        wrong = counts.clone().fill_diagonal_(0)
        axes.imshow(wrong.numpy(), cmap="Reds")  # the diagonal would drown the mistakes
        for row in range(size):
            for column in range(size):
                count = int(counts[row, column])
                if count:
                    dark = row != column and count > 0.6 * wrong.max()
                    axes.text(
                        column,
                        row,
                        str(count),
                        ha="center",
                        va="center",
                        fontsize=8,
                        color="white" if dark else "black",
                    )
        axes.set_xticks(range(size), labels, rotation=90 if crowded else 0)
        axes.set_yticks(range(size), labels)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")

    return to_png(4.5, 4.2, draw)


def misclassified(
    images: Tensor,
    predicted: Tensor,
    true: Tensor,
    score: Tensor,
    labels: Sequence[str],
) -> bytes:
    """Plot up to 24 errors, the most confident first; `images` (B, C, H, W) bytes."""
    wrong = (predicted != true).nonzero()[:, 0]
    worst = wrong[score[wrong].argsort(descending=True)][:24]
    long = max(map(len, labels)) > 4
    gap = "\n" if long else " "

    def draw(figure: Figure) -> None:
        for place, row in enumerate(worst.tolist(), start=1):
            axes = figure.add_subplot(3, 8, place)
            picture = images[row].permute(1, 2, 0).numpy()
            axes.imshow(picture.squeeze(), cmap="gray")
            title = f"{labels[int(predicted[row])]}{gap}for {labels[int(true[row])]}"
            axes.set_title(title, fontsize=7 if long else 8)
            axes.axis("off")

    return to_png(8, 4.4 if long else 3.6, draw)


def predicted_vs_true(predicted: Tensor, true: Tensor, name: str) -> bytes:
    """Plot predicted against true numbers, a dot for each row; both are (rows,)."""
    ends = [
        min(predicted.min(), true.min()).item(),
        max(predicted.max(), true.max()).item(),
    ]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot(ends, ends, color="black", linewidth=0.8)  # where all dots should be
        axes.scatter(true.numpy(), predicted.numpy(), s=14, alpha=0.7, color=COLORS[1])
        axes.set(xlabel=f"{name}, true", ylabel=f"{name}, predicted", aspect="equal")
        axes.grid(alpha=0.3)

    return to_png(4.2, 4.2, draw)


def decision_regions(
    model: nn.Module,
    points: Tensor,
    target: Tensor,
    names: tuple[str, str],
    labels: Sequence[str],
    *,
    panels: Mapping[str, Callable[[Tensor], Tensor]],
) -> bytes:
    """Plot the decision regions of `model` in the plane around `points` (rows, 2).

    A panel turns the model's output into the score, 0 to 1, that is drawn; `target` is
    (rows,) or, for several panels, (rows, panels).
    """
    low, high = points.min(dim=0).values, points.max(dim=0).values
    margin = 0.25 * (high - low)
    ends = zip((low - margin).tolist(), (high + margin).tolist(), strict=True)
    up, across = torch.meshgrid(
        *reversed([torch.linspace(*pair, 160) for pair in ends]), indexing="ij"
    )
    with torch.inference_mode():
        output = model(torch.stack([across.flatten(), up.flatten()], dim=1))
    targets = target if target.ndim == 2 else target[:, None]

    def draw(figure: Figure) -> None:
        for place, (title, score) in enumerate(panels.items(), start=1):
            axes = figure.add_subplot(1, len(panels), place)
            field = score(output).view(across.shape)
            _region(axes, (across, up, field), points, targets[:, place - 1], labels)
            axes.set(title=title, xlabel=names[0], ylabel=names[1])

    return to_png(4.2 * len(panels), 3.6, draw)


def _region(
    axes: Axes,
    field: tuple[Tensor, Tensor, Tensor],
    points: Tensor,
    target: Tensor,
    labels: Sequence[str],
) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    between = LinearSegmentedColormap.from_list("labels", COLORS[:2])
    across, up, score = (part.numpy() for part in field)
    axes.pcolormesh(across, up, score, cmap=between, alpha=0.45, vmin=0, vmax=1)
    for number, label in enumerate(labels):
        members = points[target == number]
        axes.scatter(
            members[:, 0].numpy(),
            members[:, 1].numpy(),
            color=COLORS[number],
            edgecolor="black",
            label=label,
        )
    axes.legend(loc="best", fontsize=8)
