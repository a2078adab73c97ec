"""What simple methods reach on the same rows, and a linear head solved exactly."""

from zoo.evaluation.baselines import (
    least_squares,
    logistic,
    logistic_labels,
    majority,
    mean,
    nearest_mean,
    pca,
)
from zoo.finetuning.linear_solver import solve as solve_linear

__all__ = [
    "least_squares",
    "logistic",
    "logistic_labels",
    "majority",
    "mean",
    "nearest_mean",
    "pca",
    "solve_linear",
]
