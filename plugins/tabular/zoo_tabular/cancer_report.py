"""What the card of the tumors tells: baselines, sensitivity and specificity."""

from torch import nn

from zoo import Run
from zoo.recipes import baselines, plots, predict_batches
from zoo_tabular.cancer_recipe import data, roc_auc

__all__ = ["report"]


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, sensitivity and specificity, and the confusion matrix."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    run.log_baseline(
        "logistic regression", accuracy=baselines.logistic(train_rows, test_rows)
    )
    logit = predict_batches(model, test_rows.input)[:, 0]
    predicted = (logit > 0).long()
    malignant = test_rows.target == 0
    run.log_summary(
        auc=roc_auc(logit, test_rows.target),
        sensitivity=(predicted[malignant] == 0).float().mean().item(),
        specificity=(predicted[~malignant] == 1).float().mean().item(),
        false_negatives=(predicted[malignant] == 1).sum().item(),
        positives=malignant.sum().item(),
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test_rows.target, run.spec.labels),
        "Confusion matrix of the test rows.",
    )
