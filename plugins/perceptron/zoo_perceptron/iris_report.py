"""What the card of the perceptron on iris tells: the course's run, and the line."""

from torch import nn

from zoo import Run
from zoo.recipes import baselines, plots
from zoo_perceptron.iris_recipe import Settings, both_species, data, train_epoch
from zoo_perceptron.perceptron import perceptron

__all__ = ["report"]

COURSE_ERRORS = (2, 2, 3, 2, 1, 0)  # of the course's first six epochs, on 100 rows


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, the course's run on all 100 rows, and a plot."""
    rows = both_species(run)
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(train_rows, test_rows)
    )
    correct = model(rows.input)[:, 0] == rows.target
    run.log_summary(correct_of_100=correct.sum().item())
    course_model = perceptron(inputs=2, outputs=1)
    for number in range(1, len(COURSE_ERRORS) + 1):
        errors = train_epoch(course_model, rows, Settings())
        run.log_summary(**{f"course_errors_{number}": errors})
    run.log_figure(
        "regions",
        plots.decision_regions(
            model,
            rows.input,
            rows.target,
            ("sepal length, cm", "petal length, cm"),
            run.spec.labels,
            panels={"setosa or versicolor": lambda o: o[:, 0]},
        ),
        "The decision boundary of the perceptron, and all 100 flowers.",
    )
