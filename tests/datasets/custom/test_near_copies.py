"""Pictures to measure on that were saved anew from training pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.datasets.custom import near_copies as module
from zoo.datasets.custom.copies import copied_rows
from zoo.datasets.custom.near_copies import near_copies, near_copy_notes
from zoo.datasets.custom.reader import read_data
from zoo.errors import DataWarning
from zoo.finetuning.finetune import finetune_by_name
from zoo.specs import ImageInput

PHOTO = ImageInput(height=16, width=16)


def picture(seed: int) -> Image.Image:
    """Return a smooth picture of its own, as photographs are."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((120, 90), Image.Resampling.BICUBIC)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four training pictures a class; a test folder with three kinds of copies."""
    for number in range(8):
        place = tmp_path / "photos" / "train" / "ab"[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        picture(number).save(place / f"{number}.png")
    for name in "ab":
        (tmp_path / "photos" / "test" / name).mkdir(parents=True)
    test = tmp_path / "photos" / "test" / "a"
    picture(0).save(test / "again.jpg", quality=70)
    picture(2).resize((60, 45)).save(test / "smaller.png")
    picture(4).save(test / "exact.png")
    picture(99).save(test / "other.png")
    picture(98).save(tmp_path / "photos" / "test" / "b" / "another.png")
    return tmp_path / "photos"


def test_pictures_that_were_saved_anew(photos: Path) -> None:
    """
    As a JPEG, and smaller; exact copies are counted by themselves, and others not.
    """
    splits = read_data(photos, PHOTO)
    exact = copied_rows(splits)
    names = splits.parts()["test"].names

    near = near_copies(splits, exact)

    assert [names[row] for row in exact["test"]] == ["a/exact.png"]
    assert [names[row] for row in near["test"]] == ["a/again.jpg", "a/smaller.png"]
    assert near_copy_notes(splits, exact) == (
        "photos: 2 of 5 test pictures are nearly the same as a training picture "
        "(a/again.jpg, a/smaller.png), so the test metrics may flatter the model. "
        "Remove those that are copies.",
    )


def test_what_is_not_compared(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Empty sheets, which are all alike; broken files; and more pictures than is cheap.
    """
    for part in ("train", "test"):
        Image.new("L", (64, 64), 255).save(photos / part / "b" / "white.png")
        (photos / part / "b" / "broken.png").write_bytes(part.encode())
    splits = read_data(photos, PHOTO)

    assert len(near_copies(splits, copied_rows(splits))["test"]) == 2
    monkeypatch.setattr(module, "MOST_ROWS", 12)
    assert near_copies(splits, {}) == {}


def test_digits_of_other_hands_are_other_pictures() -> None:
    """
    However like each other: of some hundred digits none is called a copy.
    """
    digits = zoo.load_dataset("digits", "train").select(range(400))
    data = {"train": digits.select(range(300)), "test": digits.select(range(300, 400))}
    splits = read_data(data, ImageInput(height=28, width=28, channels=1))

    assert near_copies(splits, {}) == {}


def test_finetuning_says_so(photos: Path) -> None:
    """
    And notes it beside the exact copies.
    """
    with pytest.warns(DataWarning, match="nearly the same as a training picture"):
        made = finetune_by_name("lenet5-mnist", photos, settings={"l2_sp": 0.1})

    assert [" are nearly the same " in one for one in made.data.notes] == [False, True]
