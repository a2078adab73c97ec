"""The recipe of `mlp-fashion-mnist-reg.none`: the MLP's, and what its siblings reach.

Every variant is trained again from fresh weights, for as many epochs as its spec says,
which are the same for all. The table looks at the validation rows alone.
"""

import math
from typing import Any

from torch import nn

from zoo import ModelSpec, Run
from zoo.evaluation import plots as pictures
from zoo.plugins import catalog as catalogue
from zoo.training.execution import ExecutionContext
from zoo.training.train import choose, seeded
from zoo_mlp import recipe
from zoo_mlp.recipe import SMOKE_SETTINGS, Settings, data, evaluate, train

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

COURSE: dict[str, dict[str, Any]] = {  # the strengths of the course, by variant
    "l1l2": {"l1": 0.01, "l2": 0.01},
    "dropout": {"dropout": 0.5},
}


def report(model: nn.Module, run: Run) -> None:
    """Measure and draw what every MLP's card shows, and the ablation."""
    recipe.report(model, run)
    family = run.spec.name.partition(".")[0]
    courses = {}
    for spec in catalogue.search(f"{family}.*"):
        mine = spec.name == run.spec.name
        course = run.history if mine else _course(spec, run)
        courses[spec.name.partition(".")[2]] = course
    for variant, strengths in COURSE.items():
        spec = catalogue.get_spec(f"{family}.{variant}")
        courses[f"{variant}_course"] = _course(spec, run, **strengths)
    share = max(row["accuracy"] for row in courses["none"])
    held_back = run.split_sizes[1] if run.split_sizes else 1
    run.log_summary(error=math.sqrt(share * (1 - share) / held_back))
    for variant, course in courses.items():
        best = max(course, key=lambda row: row["accuracy"])
        notes = {"": best["accuracy"], "_epoch": best["epoch"], "_loss": best["loss"]}
        run.log_summary(**{f"{variant}{end}": value for end, value in notes.items()})
    run.log_figure(
        "ablation",
        pictures.lines(
            {name: [row["accuracy"] for row in rows] for name, rows in courses.items()},
            "epoch",
            "validation accuracy",
        ),
        "What each practice does to the accuracy on validation rows, epoch by epoch.",
    )


def _course(spec: ModelSpec, run: Run, **changes: Any) -> list[dict[str, float]]:
    """Return the history of a variant's own run, trained from fresh weights."""
    settings = choose(spec, changes, smoke=run.smoke)[1]
    apart = Run(
        spec, seed=settings.seed, smoke=run.smoke, place=ExecutionContext(run.device)
    )
    with seeded(settings.seed):
        train(settings, apart)
    return apart.history
