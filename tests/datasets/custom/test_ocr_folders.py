"""Pictures with the texts that they show: how a user's own are found and checked."""

from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from PIL import Image

from zoo.datasets.custom.examples import DatasetSplits
from zoo.datasets.custom.reader import read_data
from zoo.errors import DataError, SettingsError
from zoo.finetuning.preconditions import check
from zoo.finetuning.strategies import Settings
from zoo.specs import ImageInput, License, ModelSpec, OCROutput
from zoo.tasks.targets.texts import TextTargets

FRAME = ImageInput(height=8, width=6, channels=1)
READER = ModelSpec(
    name="reader",
    summary="Reads.",
    task="image-to-text",
    build="reader:Reader",
    card="card.md",
    license=License(code="mit", weights="mit", data="mit"),
    parameters=1,
    input=FRAME,
    output=OCROutput(labels=("a", "b")),
    trained_on=(),
    head="decide",
)


READS = OCROutput(labels=("a", "b"))


def pictures(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (6, 8)).save(path)
    return folder


def read(data: Any, known: str = "ab", **how: Any) -> DatasetSplits:
    return read_data(data, FRAME, READS, known=tuple(known), **how)


def complaint(data: Any, **how: Any) -> str:
    with pytest.raises(DataError) as refused:
        read(data, **how)
    return str(refused.value)


def test_pictures_are_named_by_their_texts(tmp_path: Path) -> None:
    """
    By what stands before the first dot, so that two may show the same; in folders of
    any name, hidden ones left out.
    """
    pictures(tmp_path, "ab.png", "ab.2.png", "more/ba.jpg", ".old/bb.png")
    found = read(tmp_path)

    assert found.training.targets == ("ab", "ab", "ba")
    assert found.labels == ("a", "b")
    assert isinstance(found.kind, TextTargets)
    assert not found.kind.stratified
    assert found.counts() == {"a": 3, "b": 3}


def test_a_folder_may_be_in_parts(tmp_path: Path) -> None:
    """
    As it is for classes: train, validation and test.
    """
    pictures(tmp_path, "train/ab.png", "val/a.png", "test/b.png")
    found = read(tmp_path)

    assert found.training.targets == ("ab",)
    assert found.validation is not None
    assert found.validation.targets == ("a",)
    assert found.test is not None
    assert found.test.targets == ("b",)


def test_new_characters_come_after_those_that_are_known(tmp_path: Path) -> None:
    """
    The model keeps its alphabet, and gets what the training rows have besides.
    """
    pictures(tmp_path, "za.png", "-b.png", "Zz.png")

    assert read(tmp_path).labels == ("a", "b", "-", "Z", "z")
    assert read(tmp_path, labels=list("zZ-ab")).labels == tuple("zZ-ab")


def test_characters_that_are_new_to_the_model_are_said(tmp_path: Path) -> None:
    """
    A system names the copy of a file so that it seems to show more; a list of labels
    says that all of them are meant.
    """
    pictures(tmp_path, "ab.png", "ab (1).png")

    (note,) = read(tmp_path).notes

    assert note == (
        f"{tmp_path.name}: the model learns characters that it did not know: ' ', "
        "'(', ')', '1'. The text of ab (1).png is 'ab (1)': check that the picture "
        "shows it."
    )
    assert read(tmp_path, labels=list("ab (1)")).notes == ()
    assert read(tmp_path, known="ab (1)").notes == ()


def test_a_table_names_pictures_and_texts(tmp_path: Path) -> None:
    """
    A number is a text as it is written: its leading zeros stay.
    """
    pictures(tmp_path, "one.png", "two.png")
    table = tmp_path / "table.csv"
    table.write_text("file,text\none.png,007\ntwo.png,1e5\n")
    found = read(table)

    assert found.training.targets == ("007", "1e5")
    assert found.training.items == [tmp_path / "one.png", tmp_path / "two.png"]
    assert found.labels == ("a", "b", "0", "1", "5", "7", "e")


def test_a_dataset_names_its_column() -> None:
    """
    The usual one, or that of target=.
    """
    rows = Dataset.from_dict(
        {"image": ["one.png"], "text": ["ab"], "said": ["ba"]}  # paths: not opened yet
    )

    assert read(rows).training.targets == ("ab",)
    assert read(rows, target="said").training.targets == ("ba",)


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    """
    With how it should be.
    """
    assert complaint(tmp_path).endswith(
        ". Name each picture by the text that it shows: captchas/2b827.png."
    )
    assert complaint(tmp_path).startswith(f"{tmp_path} holds no pictures (.")


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["ab", ""], "1 training row has no text: row 2."),
        ([None, " "], "2 training rows have no text: row 1, row 2."),
    ],
)
def test_a_row_without_a_text_is_told(texts: list[Any], told: str) -> None:
    """
    Which rows they are.
    """
    rows = Dataset.from_dict({"image": [b"", b""], "text": texts})

    assert complaint(rows) == f"the dataset: {told}"


def test_characters_that_nobody_learns_are_told(tmp_path: Path) -> None:
    """
    Of test rows that show what no training row does, or that labels leave out.
    """
    pictures(tmp_path, "train/ab.png", "test/axy.png")

    assert complaint(tmp_path) == (
        f"{tmp_path.name}: the test rows have characters that are not learned: 'x', "
        "'y'. Learned: 'ab'."
    )
    assert complaint(tmp_path, labels=["a", "x", "y"]) == (
        f"{tmp_path.name}: the training rows have characters that are not learned: "
        "'b'. Learned: 'axy'."
    )


def test_a_text_is_not_flipped() -> None:
    """
    A mirrored text is another one.
    """
    with pytest.raises(SettingsError) as refused:
        check(READER, Settings(augment="flip"))

    assert str(refused.value) == (
        "augment='flip' flips pictures, and 'reader' reads what is written in them: "
        "leave it out."
    )


def test_texts_are_not_balanced() -> None:
    """
    That is for classes.
    """
    with pytest.raises(SettingsError) as refused:
        check(READER, Settings(balance=True))

    assert str(refused.value) == (
        "balance=True weighs classes, and 'reader' reads texts: leave it out."
    )
