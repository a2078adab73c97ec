"""Rows to measure on that are training rows too."""

from pathlib import Path
from typing import Any

import datasets as library
import pandas as pd
import pytest
from PIL import Image

from zoo.datasets.custom.copies import contradiction_notes, copied_rows, copy_notes
from zoo.datasets.custom.reader import read_data
from zoo.specs import (
    Column,
    ForecastOutput,
    ImageInput,
    SeriesInput,
    TabularInput,
    TextInput,
)

PHOTO = ImageInput(height=8, width=8)
TEXT = TextInput(max_length=10, vocab_size=10)
NUMBERS = (Column(name="a", low=0, high=100), Column(name="b", low=0, high=100))
ROW = TabularInput(columns=NUMBERS)


def photos(folder: Path) -> Path:
    """Write a picture of each kind, and one test picture of which there is a copy."""
    places = {
        "train/dark/1.png": 10,
        "train/dark/2.png": 20,
        "train/light/1.png": 200,
        "test/dark/new.png": 15,
        "test/dark/copy.png": 20,
        "test/light/copy.png": 10,  # of another class there
        "val/light/new.png": 210,
    }
    for place, grey in places.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), grey).save(folder / place)
    return folder


def test_copies_of_pictures_are_found_by_their_content(tmp_path: Path) -> None:
    """
    Whatever they are called, and whatever class they are in; each split by itself.
    """
    found = read_data(photos(tmp_path / "photos"), PHOTO)

    assert copied_rows(found) == {"test": [0, 2]}
    assert copy_notes(found) == (
        "photos: 2 of 3 test rows are copies of training rows (dark/copy.png, "
        "light/copy.png), so the test metrics flatter the model. Remove the copies.",
    )


@pytest.mark.parametrize("kind", ["frame", "dataset"])
def test_copies_of_rows_and_texts(kind: str) -> None:
    """
    Of a table the model's columns count, and of texts the text.
    """

    def data(**columns: Any) -> Any:
        frame = pd.DataFrame({**columns, "label": ["x", "y"], "id": [id(columns), 0]})
        return frame if kind == "frame" else library.Dataset.from_pandas(frame)

    rows = {"train": data(a=[1, 2], b=[1.0, 2.0]), "dev": data(a=[2, 1], b=[1.0, 1.0])}
    texts = {"train": data(text=["p", "q"]), "test": data(text=["q ", "p"])}

    assert copied_rows(read_data(rows, ROW)) == {"validation": [1]}
    assert copied_rows(read_data(texts, TEXT)) == {"test": [1]}


def test_copies_of_windows() -> None:
    """
    A window is one where all of its rows are.
    """
    days = pd.date_range("2024-01-01", periods=6)
    train = pd.DataFrame({"a": range(6), "b": range(6)}, index=days)
    test = pd.DataFrame({"a": [1, 2, 9, 8], "b": [1, 2, 9, 8]}, index=days[:4])
    series = SeriesInput(columns=NUMBERS, length=2)

    found = read_data({"train": train, "test": test}, series, ForecastOutput(name="a"))

    assert copied_rows(found) == {"test": [0]}


def test_what_has_no_content_is_not_compared() -> None:
    """
    Pictures in memory are neither files nor values.
    """
    frame = pd.DataFrame(
        {"image": [Image.new("L", (4, 4)), Image.new("L", (4, 4))], "label": ["x", "y"]}
    )

    assert copied_rows(read_data({"train": frame, "test": frame}, PHOTO)) == {}


def test_one_picture_under_two_labels_is_said(tmp_path: Path) -> None:
    """
    A copy within its class is none of that, nor is one in another split.
    """
    folder = photos(tmp_path / "photos")
    assert contradiction_notes(read_data(folder, PHOTO)) == ()
    Image.new("L", (4, 4), 20).save(folder / "train/dark/again.png")
    assert contradiction_notes(read_data(folder, PHOTO)) == ()

    Image.new("L", (4, 4), 20).save(folder / "train/light/9.png")

    assert contradiction_notes(read_data(folder, PHOTO)) == (
        "photos: 3 training rows have the content of another one and a different label "
        "(dark/2.png is 'dark', dark/again.png is 'dark', light/9.png is 'light'). "
        "Keep one label of each.",
    )


def test_one_text_under_two_labels_is_said_and_rows_of_numbers_are_not() -> None:
    """
    Two flowers may have the same two lengths.
    """
    texts = pd.DataFrame({"text": ["so so", "fine", "so so"], "label": list("nyy")})
    numbers = pd.DataFrame({"a": [1, 2, 1], "b": [1, 2, 1], "label": list("nyy")})

    (note,) = contradiction_notes(read_data(texts, TEXT))

    assert note == (
        "the table: 2 training rows have the content of another one and a different "
        "label (row 1 is 'n', row 3 is 'y'). Keep one label of each."
    )
    assert contradiction_notes(read_data(numbers, ROW)) == ()
