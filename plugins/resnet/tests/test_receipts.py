"""The figures on CIFAR-10 are of the original pixels, and fit each other."""

from typing import Any

import pytest

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.datasets.in_memory import load_rows
from zoo.errors import DataError

NAMES = ("resnet20-cifar10", "resnet-basic-cifar10")


def receipt(name: str) -> dict[str, Any]:
    return checkpoints.read_receipt(store.shipped_checkpoint(zoo.get_spec(name)))


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("split", ["train", "test"])
def test_the_figures_are_of_the_pixels_that_are_at_hand(name: str, split: str) -> None:
    """
    The training rows and the test rows are those of ZOO_DATA.
    """
    try:
        found = load_rows("cifar10", split).fingerprint
    except DataError:
        pytest.skip(f"ZOO_DATA holds no cifar10/{split}")

    assert receipt(name)["data"][f"cifar10/{split}"]["fingerprint"] == found


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_of_a_receipt_fit_each_other(name: str) -> None:
    """
    Each kind has as many test rows: the mean of what is right of each is the accuracy,
    and so is what is right where it is sure and where it is not.
    """
    told, labels = receipt(name)["measured"], zoo.get_spec(name).labels
    accuracy = receipt(name)["metrics"][0]["value"]
    kinds = [told[f"recall_{label}"] for label in labels]
    unsure = 1 - told["confident"]
    parts = (
        told["confident"] * told["accuracy_confident"]
        + unsure * told["accuracy_not_confident"]
    )

    assert sum(kinds) / len(kinds) == pytest.approx(accuracy, abs=1e-6)
    assert parts == pytest.approx(accuracy, abs=1e-6)
