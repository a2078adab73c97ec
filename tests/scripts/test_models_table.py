"""The README's table of models tells what was measured, the unflattering as well."""

from pathlib import Path
from typing import Any

import models_table
import pytest

from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.plugins import catalog as catalogue

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
# A simple method is ahead of these in their own receipts: they are not finished. The
# list may get shorter; a model that would make it longer is not to be shipped.
BEHIND = {"lsa-mlp-20news", "mlp-pima"}


def measured(model: float, **simple: float) -> dict[str, Any]:
    """A receipt of an error rate: the lower, the better."""
    baselines = {name: {"error": value} for name, value in simple.items()}
    return {"metrics": [{"name": "error", "value": model}], "baselines": baselines}


def test_only_these_models_are_behind_a_simple_method() -> None:
    """
    By the first metric of each receipt, whatever baseline a spec names.
    """
    receipts = {
        spec.name: checkpoints.read_receipt(store.shipped(spec))
        for spec in catalogue.search()
        if spec.metrics and checkpoints.is_checkpoint(store.shipped(spec))
    }
    behind = {
        name
        for name, receipt in receipts.items()
        if models_table.baseline(receipt).endswith("which is ahead")
    }

    assert len(receipts) > 30
    assert behind == BEHIND


@pytest.mark.parametrize("name", sorted(BEHIND))
def test_the_readme_says_who_is_behind(name: str) -> None:
    """
    In the model's own row.
    """
    (row,) = (line for line in README.splitlines() if f"| [`{name}`]" in line)

    assert "which is ahead" in row


@pytest.mark.parametrize(
    ("receipt", "told"),
    [
        (measured(0.2, mean=0.4, nearest=0.3), "nearest 0.3000"),
        (measured(0.2, mean=0.4, nearest=0.1), "nearest 0.1000, which is ahead"),
        (measured(0.2, mean=0.2), "mean 0.2000"),
        (measured(0.2, **{"this model": 0.2}, mean=0.3), "mean 0.3000"),
        (measured(0.2), ""),
    ],
)
def test_the_strongest_simple_method_is_named(
    receipt: dict[str, Any], told: str
) -> None:
    """
    The best of them, and whether it is better than the model; a tie is not.
    """
    assert models_table.baseline(receipt) == told
