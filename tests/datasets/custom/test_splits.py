"""Which folders are splits and which are classes, and what is said of the rest."""

from pathlib import Path
from typing import Any

import datasets as library
import pytest
from PIL import Image, features

from zoo.datasets.custom.reader import read_data, read_part
from zoo.errors import DataError, DataWarning
from zoo.specs import ClassOutput, ImageInput, MaskOutput, OCROutput, TextInput
from zoo.tasks.targets.split_names import split_of

PHOTO = ImageInput(height=8, width=8)
TEXT = TextInput(max_length=10, vocab_size=10)
CLASSES = ClassOutput(labels=("a", "b"))


def tree(folder: Path, *places: str) -> Path:
    """Write a picture, or what the ending says, at each place of a folder."""
    for place in places:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".png", ".jfif", ".avif", ".ppm"):
            kind = {".jfif": "JPEG"}.get(path.suffix)
            Image.new("RGB", (16, 16), "red").save(path, kind)
        else:
            path.write_bytes(b"x")
    return folder


def complaint(data: Any, input_spec: Any = PHOTO, *more: Any, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_data(data, input_spec, *more, **how)
    return str(caught.value)


def sizes(found: Any) -> dict[str, int]:
    return {name: len(rows) for name, rows in found.parts().items()}


# Names


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("training", ["train", "Training", "TRAIN_SET", "train-images", "Train data"]),
        ("validation", ["val", "Valid", "VALIDATION", "dev", "val_split", "dev.set"]),
        ("test", ["test", "Testing", "eval", "Evaluation", "test set", "TestSet"]),
        (None, ["cats", "trainer", "contest", "tests", "set", "retrain", "value", ""]),
    ],
)
def test_names_of_splits_in_any_case_and_spelling(
    split: str | None, names: list[str]
) -> None:
    """
    And no others.
    """
    assert {split_of(name) for name in names} == {split}


@pytest.mark.parametrize("names", [("Training", "Testing"), ("TRAIN", "Eval")])
def test_splits_are_no_classes(tmp_path: Path, names: tuple[str, str]) -> None:
    """
    `photos/Training/{a,b}` beside `photos/Testing/{a,b}` are rows of a and b.
    """
    tree(tmp_path, *(f"{n}/{c}/1.png" for n in names for c in "ab"))

    found = read_data(tmp_path, PHOTO)

    assert (found.labels, sizes(found)) == (("a", "b"), {"training": 2, "test": 2})


# What may be understood in two ways


def test_two_folders_of_one_split(tmp_path: Path) -> None:
    """
    Neither wins.
    """
    tree(tmp_path, *(f"{n}/{c}/1.png" for n in ("train", "training") for c in "ab"))

    assert complaint(tmp_path) == (
        f"{tmp_path} has 2 folders of training rows: train, training. Keep one, or "
        "move their rows together."
    )


def test_a_split_beside_classes(tmp_path: Path) -> None:
    """
    `cats, dogs, test` are three classes, or two and a split: the tree is shown.
    """
    photos = tree(
        tmp_path / "photos", "cats/1.png", "cats/2.png", "dogs/1.png", "test/1.png"
    )

    assert complaint(photos) == (
        f"{photos} may be understood in two ways: test is named as a split, and there "
        "is no folder of training rows beside. It holds cats (2 pictures), dogs "
        "(1 picture), test (1 picture). Put the training rows into "
        f"{photos / 'train'}; or, if test is a class, name all classes: "
        "labels=['cats', 'dogs', 'test'] (--labels cats,dogs,test)."
    )


def test_a_class_that_is_named_as_a_split(tmp_path: Path) -> None:
    """
    Where the classes are named, or a model knows them, a train is a train.
    """
    tree(tmp_path, "bus/1.png", "car/1.png", "train/1.png")
    names = ("bus", "car", "train")

    assert "may be understood in two ways: train is" in complaint(tmp_path)
    assert read_data(tmp_path, PHOTO, labels=names).labels == names
    assert read_data(tmp_path, PHOTO, known=names).labels == names


def test_pictures_beside_a_split(tmp_path: Path) -> None:
    """
    A folder of captchas with a folder `test` in it is not all training rows.
    """
    tree(tmp_path, "a1.png", "b2.png", "test/c3.png")

    assert complaint(tmp_path, PHOTO, OCROutput(labels=("a",))) == (
        f"{tmp_path} may be understood in two ways: test is named as a split, and "
        "there is no folder of training rows beside. It holds test (1 picture), 2 "
        f"pictures in {tmp_path.name} itself. Put the training rows into "
        f"{tmp_path / 'train'}."
    )


def test_splits_inside_of_classes(tmp_path: Path) -> None:
    """
    They would be mixed: test rows would be learned.
    """
    tree(tmp_path, *(f"{c}/{n}/1.png" for c in "ab" for n in ("train", "test")))

    assert complaint(tmp_path) == (
        f"{tmp_path / 'a'} holds folders named as splits (test, train), and their "
        "rows would be mixed. Put splits above classes: "
        f"{tmp_path / 'test' / 'a'}."
    )


def test_splits_after_a_word_of_their_own(tmp_path: Path) -> None:
    """
    They would be learned as classes, the folders of the same name in them or not.
    """
    places = [f"seg_{one}" for one in ("train", "test", "pred")]
    tree(tmp_path, *(f"{one}/{one}/{c}/1.png" for one in places for c in "ab"))

    assert complaint(tmp_path) == (
        f"{tmp_path} holds seg_test and seg_train, which are named as splits and would "
        "be learned as classes. Rename them train and test, with a folder of each "
        "class directly in them."
    )


def test_splits_of_a_dataset_in_any_case() -> None:
    """
    Their names are read like those of folders; two of one are refused.
    """
    rows = library.Dataset.from_dict({"text": ["p", "q"], "label": ["x", "y"]})
    twice = {"train": rows, "dev": rows, "validation": rows}

    found = read_data(library.DatasetDict({"Train": rows, "EVAL": rows}), TEXT)

    assert sizes(found) == {"training": 2, "test": 2}
    assert complaint(library.DatasetDict(twice), TEXT) == (
        "the dataset has 2 splits of validation rows: dev, validation. Keep one, or "
        "move their rows together."
    )
    assert complaint(library.DatasetDict({"all": rows}), TEXT) == (
        "the dataset has no split named as one: it has all. Name one train."
    )


# What is left out is counted and said


def test_folders_beside_the_splits(tmp_path: Path) -> None:
    """
    What is no split, or has no classes, is left out and counted.
    """
    tree(
        tmp_path,
        *(f"train/{c}/1.png" for c in "ab"),
        *("test/1.png", "test/2.png", "more/c/1.png", "1.png", "notes/a.md"),
    )

    with pytest.warns(DataWarning) as said:
        found = read_data(tmp_path, PHOTO)

    assert sizes(found) == {"training": 2}
    assert found.notes == (
        f"{tmp_path.name}/test was left out (2 pictures): it has no folders, so its "
        "rows have no classes.",
        f"{tmp_path.name}/more was left out (1 picture): it is not named as a split.",
        f"1 picture in {tmp_path.name} itself, and not in a split, was left out.",
    )
    assert [str(one.message) for one in said] == list(found.notes)


def test_a_split_that_no_name_is_known_of() -> None:
    """
    Rows without labels, as some datasets have them.
    """
    rows = library.Dataset.from_dict({"text": ["p", "q"], "label": ["x", "y"]})
    data = library.DatasetDict({"train": rows, "unsupervised": rows})
    note = (
        "the dataset: the split 'unsupervised' (2 rows) was left out: it is not named "
        "as training, validation or test rows."
    )

    with pytest.warns(DataWarning, match="unsupervised"):
        found = read_data(data, TEXT)

    assert (sizes(found), found.notes) == ({"training": 2}, (note,))


def test_pictures_are_known_by_their_content(tmp_path: Path) -> None:
    """
    Half `.png` and half `.jfif` are one class; what can't be opened is counted.
    """
    tree(
        tmp_path / "photos",
        *("a/1.png", "a/2.jfif", "a/3.HEIC", "b/1.png", "b/2.jfif", "b/3.heic"),
        *("b/notes.txt", "c.jfif", "b/Thumbs.db", "b/.DS_Store"),
    )
    (tmp_path / "photos/a/2.jfif").rename(tmp_path / "photos/a/2")

    with pytest.warns(DataWarning):
        found = read_data(tmp_path / "photos", PHOTO)

    assert found.counts() == {"a": 2, "b": 2}
    assert found.notes == (
        "photos: 1 picture left out, in no folder of a class: c.jfif.",
        "photos: 3 files left out, because no picture could be read: "
        "2 .heic, 1 .txt (a/3.HEIC, b/3.heic, b/notes.txt). Convert HEIC to JPEG: "
        "it is not read.",
    )


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif_is_taken_whatever_its_name(tmp_path: Path) -> None:
    """
    As `.avif`, and without an ending.
    """
    tree(tmp_path / "photos", "a/1.avif", "a/2.avif", "b/1.avif")
    (tmp_path / "photos/a/2.avif").rename(tmp_path / "photos/a/2")

    found = read_data(tmp_path / "photos", PHOTO)

    assert found.counts() == {"a": 2, "b": 1}
    assert found.notes == ()


def test_a_class_of_which_nothing_can_be_opened(tmp_path: Path) -> None:
    """
    The message says what is there.
    """
    tree(tmp_path, "a/1.png", "b/1.heic", "b/2.heic")

    assert complaint(tmp_path) == (
        f"{tmp_path / 'b'} holds no pictures (.jpg, .jpeg, .png, .webp, .bmp, .gif, "
        ".tif, .tiff, .ppm). It holds 2 .heic. Convert HEIC to JPEG: it is not read."
    )


def test_pictures_with_masks_of_any_format(tmp_path: Path) -> None:
    """
    `images` and `masks` are read like classes.
    """
    tree(tmp_path, "images/1.jfif", "images/2.heic", "masks/.x", "masks/a.txt")
    mask = Image.new("L", (16, 16))
    mask.putpixel((0, 0), 1)
    mask.save(tmp_path / "masks/1.png")

    with pytest.warns(DataWarning):
        found = read_data(tmp_path, PHOTO, MaskOutput(labels=("0", "1")))

    assert len(found.training) == 1
    assert found.notes == (
        f"{tmp_path.name}: 2 files left out, because no picture could be read: 1 "
        ".heic, 1 .txt (images/2.heic, masks/a.txt). Convert HEIC to JPEG: it is not "
        "read.",
    )


def test_texts_of_other_endings(tmp_path: Path) -> None:
    """
    They are counted.
    """
    tree(tmp_path, "a/1.txt", "a/2.md", "b/1.txt")

    with pytest.warns(DataWarning):
        found = read_data(tmp_path, TEXT)

    assert found.notes == (
        f"{tmp_path.name}: 1 file left out, because no text could be read: 1 .md "
        "(a/2.md).",
    )


# One part


def test_a_part_is_named_as_it_is(tmp_path: Path) -> None:
    """
    A message about test rows says so, and rows that are in no split are rows.
    """
    tree(
        tmp_path / "parts", *(f"{n}/{c}/1.png" for n in ("train", "Test") for c in "ac")
    )
    tree(tmp_path / "plain", "a/1.png", "c/1.png")
    tree(tmp_path / "test alone", "test/a/1.png", "test/b/1.png")

    def read(name: str, wanted: tuple[str, ...] = ("test", "validation")) -> Any:
        return read_part(tmp_path / name, PHOTO, CLASSES, wanted, labels=("a", "b"))

    with pytest.raises(DataError) as parts:
        read("parts")
    with pytest.raises(DataError) as plain:
        read("plain")
    with pytest.raises(DataError) as asked:
        read("plain", ("test",))

    strange = "have labels that are no classes: c. Classes: a, b."
    assert str(parts.value) == f"parts: the test rows {strange}"
    assert str(plain.value) == f"plain: rows {strange}"
    assert str(asked.value) == f"plain: the test rows {strange}"
    assert read("test alone")[:2] == ("test alone", "test")
