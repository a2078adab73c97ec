"""What the card of a regression tells: baselines, the top decile, a plot."""

from torch import nn

from zoo import NumberOutput, Run
from zoo.recipes import baselines, plots, predict_batches
from zoo_tabular.regression_recipe import data

__all__ = ["report"]


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, the errors of the top decile, and a plot of the test rows."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline("mean", **baselines.mean(train_rows, test_rows))
    run.log_baseline("least squares", **baselines.least_squares(train_rows, test_rows))
    predicted, target = predict_batches(model, test_rows.input)[:, 0], test_rows.target
    error = predicted - target
    assert isinstance(run.spec.output, NumberOutput), "a regression gives a number"
    top_decile = target >= target.quantile(0.9)
    run.log_summary(
        max_error=error.abs().max().item(),
        mae_top_decile=error[top_decile].abs().mean().item(),
        bias_top_decile=error[top_decile].mean().item(),
    )
    run.log_figure(
        "predicted",
        plots.predicted_vs_true(predicted, target, run.spec.output.name),
        "Predicted and true values of the test rows.",
    )
