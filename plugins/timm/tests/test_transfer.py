"""What the card says of fine-tuning is what the scripts measure."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.errors import DataError

NAME = "efficientnet-lite0"
SCRIPT = Path(__file__).parents[3] / "scripts" / "finetune_tables.py"
MEASURED = checkpoints.read_receipt(store.shipped_checkpoint(zoo.get_spec(NAME)))[
    "measured"
]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, as a module."""
    found = importlib.util.spec_from_file_location("finetune_tables", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, "finetune_tables", module)
    found.loader.exec_module(module)
    return module


@pytest.mark.data
@pytest.mark.parametrize("way", ["commonest", "pixels", "head"])
def test_the_breeds_are_measured_again(tables: Any, way: str) -> None:
    """
    Three breeds of pets: the same rows, the same accuracy, but for rounding.
    """
    part, told = tables.SETS["breeds"], MEASURED["transfer"]["breeds"]
    try:
        found = tables.WAYS[way](part)
    except DataError:
        pytest.skip("ZOO_DATA holds no oxford_iiit_pet")

    assert found["accuracy"] == pytest.approx(told[way], abs=1 / told["test"])


def test_the_head_alone_beats_pixels_and_the_commonest_class() -> None:
    """
    On every set of the card's table.
    """
    told = [one for one in MEASURED["transfer"].values() if isinstance(one, dict)]
    rows = [one for one in told if "head" in one]

    assert len(rows) == 5
    assert all(one["commonest"] < one["pixels"] < one["head"] for one in rows)


@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist"])
def test_a_hundred_pictures_a_class_teach_more_to_what_knows_imagenet(
    name: str,
) -> None:
    """
    The head alone, and all of the network, are far ahead of the same from scratch.
    """
    row = MEASURED["transfer"][name]

    assert row["each"] == 100
    assert min(row["head"], row["full"]) > row["scratch"] + 0.1


def test_ten_times_faster_and_no_worse() -> None:
    """
    Than the tutorial's loop in the same run, in its best epoch; both of its variants.
    """
    ours, *theirs = MEASURED["speed"].values()

    assert len(theirs) == 2
    assert all(one["seconds"] > 10 * ours["seconds"] for one in theirs)
    assert all(one["accuracy"] <= ours["accuracy"] for one in theirs)
    assert ours["accuracy"] > 0.965
