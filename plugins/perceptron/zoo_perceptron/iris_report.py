"""What the card of the perceptron on iris tells: the course's run, and the line."""

from torch import nn

from zoo import Run
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo_perceptron.iris_recipe import Settings, both_species, data, epoch
from zoo_perceptron.perceptron import perceptron

__all__ = ["report"]

COURSE = (2, 2, 3, 2, 1, 0)  # errors of the course's first six epochs, on 100 rows


def report(model: nn.Module, run: Run) -> None:
    """Repeat the course's run on all 100 rows, and draw the line between."""
    rows, test = both_species(run), data(run, "test")
    training = data(run, "train")
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(training, test)
    )
    right = model(rows.input)[:, 0] == rows.target
    run.log_summary(right_of_all_100=right.sum().item())
    courses = perceptron(inputs=2, outputs=1)
    for number in range(1, len(COURSE) + 1):
        wrong = epoch(courses, rows, Settings())
        run.log_summary(**{f"course_errors_{number}": wrong})
    run.log_figure(
        "regions",
        pictures.regions(
            model,
            rows.input,
            rows.target,
            ("sepal length, cm", "petal length, cm"),
            run.spec.labels,
            panels={"setosa or versicolor": lambda o: o[:, 0]},
        ),
        "The line the perceptron draws, and all 100 flowers.",
    )
