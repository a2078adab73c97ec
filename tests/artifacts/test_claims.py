"""What a run lets its model claim: one rule for tolerances and for baselines."""

import json
from pathlib import Path
from typing import Any

import pytest

import zoo
from zoo.artifacts import claims, weight_store
from zoo.errors import CheckpointError
from zoo.specs import Metric


def receipt(
    name: str, value: float, rows: int = 5000, **baselines: float
) -> dict[str, Any]:
    one = {"name": name, "value": value, "dataset": "d", "split": "test"}
    known = {way.replace("_", " "): {name: v} for way, v in baselines.items()}
    return {"metrics": [one], "rows": rows, "baselines": known}


@pytest.mark.parametrize(
    ("name", "value", "rows", "tolerance"),
    [
        ("accuracy", 0.9, 1000, 1e-3),
        ("accuracy", 0.9, 999, 1e-6),
        ("string_accuracy", 0.9, 100, 1e-6),
        ("masked_accuracy", 0.3, 5000, 1e-3),
        ("f1", 0.9, 100, 1e-6),
        ("pixel_accuracy", 0.9, 100, 9e-4),
        ("rmse", 52.117, 100, 0.05),
        ("r2", -0.58, 100, 6e-4),
        ("mse", 0.0, 100, 1e-6),
    ],
)
def test_how_far_a_metric_may_lie_from_its_claim(
    name: str, value: float, rows: int, tolerance: float
) -> None:
    """
    One answer in a thousand, none of a small set; a thousandth of what is no share.
    """
    (found,) = claims.metrics(receipt(name, value, rows))

    assert found.tolerance == tolerance


def test_the_strongest_baseline_is_beside_a_metric() -> None:
    """
    The highest accuracy and the lowest error, never the model itself, rounded as the
    value is; a metric that no baseline was measured by has none.
    """
    (right,) = claims.metrics(receipt("accuracy", 0.12345678, a=0.2, b_c=0.87654321))
    (wrong,) = claims.metrics(receipt("rmse", 1, a=3, b=2, this_model=1))
    (alone,) = claims.metrics(receipt("f1", 0.5, this_model=0.5))

    assert (right.value, right.baseline, right.baseline_name) == (
        *(0.123457, 0.876543, "b c"),
    )
    assert (wrong.value, wrong.baseline, wrong.baseline_name) == (1.0, 2.0, "b")
    assert (alone.baseline, alone.baseline_name) == (None, "")


@pytest.mark.parametrize(
    ("name", "value", "baseline", "behind"),
    [
        ("accuracy", 0.9, 0.91, True),
        ("accuracy", 0.9, 0.89, False),
        ("rmse", 0.9, 0.91, False),
        ("rmse", 0.9, 0.89, True),
        ("rmse", 0.9, 0.9, False),
        ("accuracy", 0.9, None, False),
    ],
)
def test_whether_a_model_is_behind(
    name: str, value: float, baseline: float | None, behind: bool
) -> None:
    """
    By the direction of the metric; a tie is not behind.
    """
    metric = Metric(name=name, value=value, dataset="d", baseline=baseline)

    assert metric.behind == behind


def test_the_facts_of_a_folder() -> None:
    """
    A shipped checkpoint gives the pin in its config, and what the spec claims.
    """
    spec = zoo.get_spec("xor-mlp")

    found = claims.measured_facts(weight_store.shipped_checkpoint(spec))

    assert (found.weights, found.metrics, found.costs) == (
        *(spec.weights, spec.metrics, None),
    )


def test_a_folder_that_claims_nothing(tmp_path: Path) -> None:
    """
    Without a receipt, and of a smoke run, there is nothing to claim.
    """
    folder = zoo.save(zoo.load("xor-mlp"), tmp_path / "run")
    (folder / "run.json").unlink(missing_ok=True)

    with pytest.raises(CheckpointError) as caught:
        claims.measured_facts(folder)
    assert str(caught.value) == (
        f"{folder} has no run.json, which says what was measured. 'zoo train xor-mlp' "
        "writes one."
    )

    (folder / "run.json").write_text(json.dumps({"smoke": True}))
    with pytest.raises(CheckpointError) as caught:
        claims.measured_facts(folder)
    assert str(caught.value) == (
        f"{folder} was a smoke run. Train the model in earnest: 'zoo train xor-mlp'."
    )
