"""The metrics of a kind of model on rows: what a recipe calls `measure`."""

from zoo.runtime.classification import evaluate as evaluate_classification

__all__ = ["evaluate_classification"]
