"""Select the metric by which runs are compared, and the best epoch by it."""

import math
from collections.abc import Mapping, Sequence

from zoo.errors import SettingsError, near
from zoo.runtime import lower_is_better

__all__ = ["best_row", "selection_metric", "signed_score"]


def signed_score(name: str, value: float) -> float:
    """Return a metric's value, negated if lower is better."""
    return -value if lower_is_better(name) else value


def best_row(history: Sequence[Mapping[str, float]], name: str) -> Mapping[str, float]:
    """Return the first row with the best value, or {} where no value is a number."""
    rows = [row for row in history if math.isfinite(row.get(name, math.nan))]
    return max(rows, key=lambda row: signed_score(name, row[name]), default={})


def selection_metric(
    metric: str | None, recipe_metric: str | None, row: Mapping[str, float]
) -> str:
    """Return the metric that runs are compared by: `metric`, or `recipe_metric`.

    Raises SettingsError where neither is a metric of the row.
    """
    names = [name for name in row if name != "epoch"]
    listing = ", ".join(names) or "none"
    name = metric or recipe_metric
    if name is None:
        raise SettingsError(
            "The recipe does not say which figure is the best one; say it with "
            f"--metric. Figures: {listing}."
        )
    if name not in names:
        raise SettingsError(
            f"No figure {name!r}. {near(name, names)}Figures: {listing}."
        )
    return name
