"""Fit a cubic to the sine by gradient descent, the gradient written by hand.

Read it from top to bottom. The gradient itself is in `zoo_tabular.polynomial`, where
the formula stands beside it; a test compares it with autograd's. The course stops after
2,000 steps, far from the minimum; this recipe goes on until it has reached the solution
of least squares.
"""

from dataclasses import dataclass

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_regression as evaluate
from zoo_tabular.polynomial import Cubic
from zoo_tabular.rows import load_rows

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

COURSE_STEPS = 2000


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    steps: int = 20_000
    lr: float = 1e-6  # the course's; above 7e-6 gradient descent diverges


SMOKE_SETTINGS = {"steps": 20}


def data(run: Run, split: str) -> TensorRows:
    """Return all 1,000 points: what is measured is the fit, not a prediction."""
    return load_rows(run, "train", "sine")


def train(settings: Settings, run: Run) -> Cubic:
    points = data(run, "train")
    target = points.target.float()
    model: Cubic = run.build()
    for step in run.epochs(settings.steps):
        error = model.gradient_step(points.input, target, lr=settings.lr)
        if step == min(COURSE_STEPS, settings.steps):
            run.log_summary(course_sse=error)
        if step % 500 == 0 or step == settings.steps:
            run.log({"squared_error": error, **evaluate(model, points)})
    return model
