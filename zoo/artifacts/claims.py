"""What a model may claim: the pin of its weights, and the metrics of its receipt.

One rule gives every metric a tolerance, and as its baseline the strongest that the run
measured. Specs, cards and the README's table follow it. Does not know torch.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.artifacts import checkpoint_folder
from zoo.errors import CheckpointError
from zoo.plugins.measured import Facts
from zoo.runtime import lower_is_better
from zoo.specs import Metric

__all__ = ["measured_facts", "metrics"]

# How far a metric may lie from its claim on another machine: rounding there may turn
# one answer in a thousand, and in a small test set none at all. A number that is not a
# share of rows may move by a thousandth of itself.
RELATIVE_TOLERANCE, MIN_TOLERANCE = 1e-3, 1e-6
FRACTION_METRICS = {"accuracy", "f1"}
PER_PIXEL_METRICS = {"pixel_accuracy"}
SELF_NAME = "this model"  # under which a comparison has the model's own figures


def measured_facts(folder: Path) -> Facts:
    """Return the pin and the metrics of a checkpoint folder that a run wrote.

    Raises CheckpointError where no run wrote it, or a smoke run did.
    """
    config = checkpoint_folder.read_config(folder)
    receipt = checkpoint_folder.read_receipt(folder)
    if not receipt:
        raise CheckpointError(
            f"{folder} has no {checkpoint_folder.RECEIPT}, which says what was "
            f"measured. 'zoo train {config.name}' writes one."
        )
    if receipt.get("smoke"):
        raise CheckpointError(
            f"{folder} was a smoke run. Train the model in earnest: 'zoo train "
            f"{config.name}'."
        )
    if "metrics" not in receipt:
        raise CheckpointError(
            f"{folder} was not measured. 'zoo measure {folder}' measures weights that "
            "were imported."
        )
    return Facts(weights=config.weights, metrics=metrics(receipt))


def metrics(receipt: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return the metrics of a receipt, each with its strongest baseline."""
    return tuple(
        Metric(
            name=row["name"],
            value=round(float(row["value"]), 6),
            dataset=row["dataset"],
            split=row["split"],
            tolerance=_tolerance(row["name"], row["value"], receipt["rows"]),
            **_baseline(row["name"], receipt["baselines"]),
        )
        for row in receipt["metrics"]
    )


def _baseline(
    metric: str, measured: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    candidates = [
        (values[metric], name)
        for name, values in measured.items()
        if metric in values and name != SELF_NAME
    ]
    if not candidates:
        return {}
    value, name = (min if lower_is_better(metric) else max)(candidates)
    return {"baseline": round(float(value), 6), "baseline_name": name}


def _tolerance(metric: str, value: float, rows: int) -> float:
    if (
        metric.rpartition("_")[2] in FRACTION_METRICS
        and metric not in PER_PIXEL_METRICS
    ):
        return RELATIVE_TOLERANCE if rows >= 1 / RELATIVE_TOLERANCE else MIN_TOLERANCE
    return max(MIN_TOLERANCE, float(f"{RELATIVE_TOLERANCE * abs(value):.1g}"))
