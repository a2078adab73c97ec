"""Figures of a run for its card, as PNG bytes."""

from zoo.evaluation.plots import (
    COLOURS,
    confusion,
    curves,
    lines,
    mistakes,
    png,
    predicted,
    regions,
)

__all__ = [
    "COLOURS",
    "confusion",
    "curves",
    "lines",
    "mistakes",
    "png",
    "predicted",
    "regions",
]
