"""What the card of the teacher tells: simple methods beside it, and its mistakes."""

from torch import nn

from zoo import Run
from zoo.recipes import baselines, plots, predict_batches, spec_of, to_model_input
from zoo_distill.teacher_recipe import data

__all__ = ["add_mistakes", "report"]


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, the confusion matrix and the mistakes of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    add_mistakes(model, run)


def add_mistakes(model: nn.Module, run: Run) -> None:
    """Add the confusion matrix of the test rows, and those that are read wrongly."""
    rows, labels = data(run, "test"), run.spec.labels
    image = to_model_input(rows.input, spec_of(model).input)
    score, predicted = predict_batches(model, image).softmax(dim=1).max(dim=1)
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, rows.target, labels),
        "Confusion matrix of the test split.",
    )
    run.log_figure(
        "mistakes",
        plots.misclassified(rows.input, predicted, rows.target, score, labels),
        "The misclassified test digits with the highest scores.",
    )
