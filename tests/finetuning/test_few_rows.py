"""Few rows and default settings: no real model is behind the simple ways beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

import zoo
from zoo.artifacts.checkpoint_folder import read_receipt

SIZE = (96, 72)


def scenes(place: Path, count: int, *, seed: int) -> None:
    """Write pictures of a reddish ellipse on a coloured ground, and their masks."""
    random = np.random.default_rng(seed)
    for name in ("images", "masks"):
        (place / name).mkdir(parents=True)
    for number in range(count):
        coarse = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        ground = Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)
        left, top = random.integers((10, 5), (40, 25))
        wide, high = random.integers((30, 25), (50, 42))
        mask = Image.new("L", SIZE)
        ellipse = (int(left), int(top), int(left + wide), int(top + high))
        ImageDraw.Draw(mask).ellipse(ellipse, fill=1)
        picture = np.asarray(ground).astype(float)
        inside = np.asarray(mask) == 1
        picture[inside] = 0.25 * picture[inside] + 0.75 * np.array([200, 60, 40])
        Image.fromarray(picture.astype(np.uint8)).save(
            place / "images" / f"{number}.png"
        )
        mask.save(place / "masks" / f"{number}.png")


def figures(folder: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the metrics of a run, and those of each simple way beside it."""
    receipt: dict[str, Any] = read_receipt(folder)
    return {one["name"]: one["value"] for one in receipt["metrics"]}, receipt[
        "baselines"
    ]


@pytest.mark.slow
def test_a_unet_learns_from_24_pictures(tmp_path: Path) -> None:
    """
    With defaults it is ahead of the mean mask; ten steps were too few for that.
    """
    scenes(tmp_path / "scenes" / "train", 24, seed=0)
    scenes(tmp_path / "scenes" / "test", 8, seed=1)

    zoo.finetune(
        "unet-pet", tmp_path / "scenes", tmp_path / "mine", labels=["ground", "thing"]
    )

    reached, simple = figures(tmp_path / "mine")
    masks = [one["iou"] for one in simple.values() if "iou" in one]
    assert masks
    assert reached["iou"] >= max(masks)


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
