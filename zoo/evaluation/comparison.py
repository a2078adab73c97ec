"""The metrics of a run beside those of its baselines, from its receipt."""

from collections.abc import Mapping, Sequence
from typing import Any

from zoo.evaluation.metric_selection import signed_score

__all__ = ["baseline_ahead", "comparison_table"]


def comparison_table(receipt: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    """Return a head and a row for each metric: the model's, and each baseline's."""
    baselines = receipt["baselines"]
    table = [["metric", "this model", *baselines]]
    for metric in receipt["metrics"]:
        name = metric["name"]
        values = [metrics.get(name) for metrics in baselines.values()]
        cells = ["-" if value is None else f"{value:.4f}" for value in values]
        table.append([name, f"{metric['value']:.4f}", *cells])
    return table


def baseline_ahead(receipt: Mapping[str, Any]) -> tuple[str, float] | None:
    """Return the best baseline that is ahead by the first metric, and its figure."""
    if not receipt["metrics"]:  # of a recipe that measures nothing
        return None
    first = receipt["metrics"][0]
    name = first["name"]
    ahead = {
        baseline: figures[name]
        for baseline, figures in receipt["baselines"].items()
        if name in figures
        and signed_score(name, figures[name]) > signed_score(name, first["value"])
    }
    if not ahead:
        return None
    best = max(ahead, key=lambda baseline: signed_score(name, ahead[baseline]))
    return best, ahead[best]
