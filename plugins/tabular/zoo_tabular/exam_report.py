"""What the card of the exam score tells: how near it comes to least squares."""

import torch
from torch import nn

from zoo import Run
from zoo.recipes import baselines, plots, predict_batches
from zoo_tabular.exam_recipe import data

__all__ = ["report"]


def report(model: nn.Module, run: Run) -> None:
    """Add the baseline, the errors beside those of least squares, and a plot."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline("mean", **baselines.mean(train_rows, test_rows))
    predicted, target = predict_batches(model, test_rows.input)[:, 0], test_rows.target
    error = predicted - target
    # The formula is linear: a network can only come near, so this is no baseline.
    exact = baselines.least_squares(train_rows, test_rows)
    run.log_summary(
        mse=error.square().mean().item(),
        max_error=error.abs().max().item(),
        least_squares_rmse=exact["rmse"],
        prediction_at_zero=predict_batches(model, torch.tensor([[0.0, 0.0]])).item(),
    )
    run.log_figure(
        "predicted",
        plots.predicted_vs_true(predicted, target, "score"),
        "Predicted and true scores of the test rows.",
    )
