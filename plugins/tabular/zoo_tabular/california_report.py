"""What the card of the houses tells: that of a regression, and stronger baselines."""

from torch import nn

from zoo import Run
from zoo.recipes import predict_batches
from zoo_tabular import regression_report
from zoo_tabular.california_recipe import data
from zoo_tabular.scikit_learn import gradient_boosting, nearest_neighbors

__all__ = ["report"]

CUT = 5.0  # hundred thousand dollars: values above were cut to this in the data


def report(model: nn.Module, run: Run) -> None:
    """Add the figures of a regression, two more baselines, and the cut values."""
    regression_report.report(model, run)
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline("nearest neighbours", **nearest_neighbors(train_rows, test_rows))
    run.log_baseline("gradient boosting", **gradient_boosting(train_rows, test_rows))
    error = predict_batches(model, test_rows.input)[:, 0] - test_rows.target
    cut = test_rows.target >= CUT
    run.log_summary(
        cut_share=cut.float().mean().item(),
        rmse_cut=error[cut].square().mean().sqrt().item() if cut.any() else 0.0,
        rmse_uncut=error[~cut].square().mean().sqrt().item(),
    )
