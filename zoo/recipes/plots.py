"""Figures of a run for its card, as PNG bytes."""

from zoo.evaluation.plots import (
    COLORS,
    confusion_matrix,
    decision_regions,
    learning_curves,
    lines,
    misclassified,
    predicted_vs_true,
    to_png,
)

__all__ = [
    "COLORS",
    "confusion_matrix",
    "decision_regions",
    "learning_curves",
    "lines",
    "misclassified",
    "predicted_vs_true",
    "to_png",
]
