"""Few rows and default settings: no real model is behind the simple ways beside it."""

import time
from pathlib import Path
from typing import Any

import pytest
from drawn_masks import write_drawings

import zoo
from zoo.artifacts.checkpoint_folder import read_receipt


def figures(folder: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the metrics of a run, and those of each simple way beside it."""
    receipt: dict[str, Any] = read_receipt(folder)
    return {one["name"]: one["value"] for one in receipt["metrics"]}, receipt[
        "baselines"
    ]


@pytest.mark.slow
def test_the_digits_of_the_readme_are_not_behind_their_probe(tmp_path: Path) -> None:
    """
    The first command of the README, with the pictures that it writes.
    """
    rows = zoo.load_dataset("digits", "train").select(range(450))
    for number, row in enumerate(rows):
        part = "train" if number % 3 else "test"
        folder = tmp_path / "pictures" / part / str(row["label"])
        folder.mkdir(parents=True, exist_ok=True)
        row["image"].save(folder / f"{number}.png")

    zoo.finetune("efficientnet-lite0", tmp_path / "pictures", tmp_path / "mine")

    reached, simple = figures(tmp_path / "mine")
    assert reached["accuracy"] >= simple["a linear probe from zeros"]["accuracy"]
    assert reached["accuracy"] > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unet-pet", "unet-efficientnet-lite0-pet"])
def test_drawings_are_not_behind_the_mean_of_their_masks(
    name: str, tmp_path: Path
) -> None:
    """
    With 24 of them, and within two minutes of one core.
    """
    data = write_drawings(tmp_path / "drawings" / "train", 24, seed=0).parent
    write_drawings(data / "test", 50, seed=1)
    began = time.process_time()

    zoo.finetune(name, data, tmp_path / "mine")

    took = time.process_time() - began
    reached, simple = figures(tmp_path / "mine")
    assert reached["iou"] >= simple["the mean of the masks"]["iou"]
    assert reached["iou"] > 0.5
    assert took < 120
