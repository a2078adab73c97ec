"""A user's own data, whatever holds it: what is found, and what is wrong with it."""

import json
from pathlib import Path
from typing import Any

import datasets as library
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small import pictures

import zoo
from zoo.datasets.custom.examples import (
    Column,
    LabeledExamples,
    content,
    train_val_split,
)
from zoo.datasets.custom.reader import read_data
from zoo.errors import DataError, DataWarning
from zoo.specs import Column as Number
from zoo.specs import ImageInput, NumberOutput, TabularInput, TextInput
from zoo.tasks.targets.own_texts import OwnTextTargets

PHOTO = ImageInput(height=8, width=8)
TEXT = TextInput(max_length=10, vocab_size=10)
ROW = TabularInput(
    columns=(Number(name="a", low=0, high=100), Number(name="b", low=0, high=100))
)
SIZE = NumberOutput(name="size")
TABLE = {"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0], "label": ["no", "yes", "no"]}


def csv(folder: Path, text: str) -> Path:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(data: Any, expected: Any = PHOTO, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_data(data, expected, **how)
    return str(caught.value)


# What is found


def test_a_folder_of_class_named_folders(tmp_path: Path) -> None:
    """
    The names of the folders are the classes, in order.
    """
    found = read_data(pictures(tmp_path / "photos", 2), PHOTO)

    assert (found.source, found.labels) == ("photos", ("across", "down"))
    assert found.training.targets == (0, 0, 1, 1)
    assert found.training.names[0] == "across/0.png"
    assert found.counts() == {"across": 2, "down": 2}


def test_a_folder_with_parts(tmp_path: Path) -> None:
    """
    train, val and test are parts, by any of their usual names.
    """
    for name, count in (("train", 3), ("val", 2), ("testing", 1)):
        pictures(tmp_path / name, count)

    found = read_data(tmp_path, PHOTO)

    assert {name: len(rows) for name, rows in found.parts().items()} == {
        "training": 6,
        "validation": 4,
        "test": 2,
    }


def test_hidden_files_and_tools_leavings_are_no_data(tmp_path: Path) -> None:
    """
    .DS_Store, __pycache__, thumbnails in hidden folders, notes.
    """
    folder = pictures(tmp_path / "photos", 2)
    for extra in ("__pycache__", ".git", "across/.thumbnails", "across/__pycache__"):
        (folder / extra).mkdir()
        (folder / extra / "0.png").write_bytes(b"")
    for extra in (".DS_Store", "across/.DS_Store", "across/._0.png", "across/a.txt"):
        (folder / extra).write_bytes(b"")

    (folder / "across" / "a.txt").unlink()

    found = read_data(folder, PHOTO)

    assert (len(found.training), found.notes) == (4, ())


def test_paths_with_spaces_and_of_any_script(tmp_path: Path) -> None:
    """
    Folders and files may be called what people call them.
    """
    folder = pictures(tmp_path / "meine Fotos", 1, ("Käfer groß", "꿀벌 🐝"))
    (folder / "꿀벌 🐝" / "0.png").rename(folder / "꿀벌 🐝" / "ein Bild №1.PNG")

    found = read_data(folder, PHOTO)

    assert found.labels == ("Käfer groß", "꿀벌 🐝")
    assert found.training.names[1] == "꿀벌 🐝/ein Bild №1.PNG"


def test_a_table_of_paths_beside_it(tmp_path: Path) -> None:
    """
    Paths are relative to the table, whatever the working directory is.
    """
    pictures(tmp_path / "photos", 1)
    lines = "image,label\nphotos/across/0.png,A\nphotos/down/0.png,B\n"

    found = read_data(csv(tmp_path, lines), PHOTO)

    assert found.training.items == [
        tmp_path / "photos/across/0.png",
        tmp_path / "photos/down/0.png",
    ]
    assert found.labels == ("A", "B")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_table_of_numbers(tmp_path: Path, kind: str) -> None:
    """
    The model's columns are its input, by name.
    """
    path = tmp_path / f"rows.{kind}"
    rows = library.Dataset.from_dict(TABLE)
    if kind == "parquet":
        rows.to_parquet(path, batch_size=10)
    elif kind == "csv":
        rows.to_csv(path, index=False)
    else:
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    found = read_data(path, ROW)

    assert found.labels == ("no", "yes")
    assert found.training.items[1] == {"a": 2.0, "b": 5.0}


def test_a_dataset_and_its_splits() -> None:
    """
    A Dataset is training rows; of a DatasetDict each split is a part.
    """
    rows = library.Dataset.from_dict(TABLE)
    parts = library.DatasetDict({"train": rows, "valid": rows.select([0])})

    one, several = read_data(rows, ROW), read_data(parts, ROW)

    assert list(one.parts()) == ["training"]
    assert list(several.parts()) == ["training", "validation"]


def test_pictures_in_a_dataset_are_opened_late() -> None:
    """
    A column of pictures is a column, decoded where asked.
    """
    held = {
        "img": [Image.new("RGB", (4, 4), c) for c in ("red", "blue")],
        "label": [0, 1],
    }
    labels = library.ClassLabel(names=["warm", "cold"])
    features = library.Features({"img": library.Image(), "label": labels})

    found = read_data(library.Dataset.from_dict(held, features=features), PHOTO)

    assert isinstance(found.training.items, Column)
    assert found.training.items[1].getpixel((0, 0)) == (0, 0, 255)
    assert found.labels == ("cold", "warm")


def test_a_registered_dataset() -> None:
    """
    By its name.
    """
    spec = zoo.get_spec("mlp-breast-cancer")

    found = read_data("breast-cancer", spec.input)

    assert set(found.labels) == set(spec.labels)


def test_numbers_as_labels_sort_as_numbers(tmp_path: Path) -> None:
    """
    10 comes after 9, and a whole number is no fraction.
    """
    found = read_data(csv(tmp_path, "a,b,label\n1,1,10\n1,1,9\n1,1,10\n"), ROW)

    assert found.labels == ("9", "10")


def test_the_order_of_known_classes_is_kept(tmp_path: Path) -> None:
    """
    Where they are the same: the head the model has can stay.
    """
    path = csv(tmp_path, "a,b,label\n1,1,x\n1,1,y\n")

    assert read_data(path, ROW, known=("y", "x")).labels == ("y", "x")
    assert read_data(path, ROW, known=("y", "z")).labels == ("x", "y")
    assert read_data(path, ROW, labels=("z", "y", "x")).labels == ("z", "y", "x")


def test_a_target_by_name(tmp_path: Path) -> None:
    """
    Any column can be what is predicted.
    """
    found = read_data(
        csv(tmp_path, "a,b,size\n1,2,3.5\n1,2,4\n"), ROW, SIZE, target="size"
    )

    assert (found.labels, found.training.targets) == ((), (3.5, 4.0))


def test_content_is_what_the_rows_hold(tmp_path: Path) -> None:
    """
    The same content in another place or order of columns is the same; a change is not.
    """
    for name in ("one", "two"):
        pictures(tmp_path / name, 2)
    one, two = (read_data(tmp_path / name, PHOTO).training for name in ("one", "two"))
    rows = library.Dataset.from_dict(TABLE)
    same = read_data(rows, ROW).training.fingerprint()

    assert one.fingerprint() == two.fingerprint()
    assert one.pick([1, 0]).fingerprint() != one.fingerprint()
    assert read_data(rows.filter(lambda row: True), ROW).training.fingerprint() == same
    assert read_data(rows.select([2, 1, 0]), ROW).training.fingerprint() != same
    assert content([object()]) is None


# What is wrong


def test_one_class_only(tmp_path: Path) -> None:
    """
    There is nothing to tell apart.
    """
    assert complaint(pictures(tmp_path / "photos", 2, ("ants",))) == (
        "photos has one class only (ants): there is nothing to tell apart. Add "
        "pictures or rows of another class."
    )


def test_an_empty_folder(tmp_path: Path) -> None:
    """
    The message shows what a folder should look like.
    """
    assert complaint(tmp_path) == (
        f"{tmp_path} has no folders in it. Give each class a folder of its own that is "
        "named as the class: photos/ants/1.jpg, photos/bees/2.jpg."
    )


def test_an_empty_class(tmp_path: Path) -> None:
    """
    It is named, with what would count as a picture.
    """
    folder = pictures(tmp_path / "photos", 1)
    (folder / "empty").mkdir()

    assert complaint(folder) == (
        f"{folder / 'empty'} holds no pictures (.jpg, .jpeg, .png, .webp, .bmp, .gif, "
        ".tif, .tiff, .ppm)."
    )


def test_labels_that_differ_in_case(tmp_path: Path) -> None:
    """
    They are a slip more often than two classes.
    """
    folder = pictures(tmp_path / "photos", 1, ("Ants", "ants", "bees"))

    assert complaint(folder) == (
        "photos: the labels 'Ants' and 'ants' differ in case only. Write them alike, "
        "or rename one."
    )


def written(folder: Path, texts: dict[str, str]) -> Path:
    """Return a folder of texts, by their places in it."""
    for place, text in texts.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    return folder


def test_a_folder_of_texts(tmp_path: Path) -> None:
    """
    Class-named folders of .txt files, in parts or not, and nothing else in them.
    """
    texts = {"good/1.txt": "fine", "good/2.TXT": "nice", "bad/deep/1.txt": "dull"}
    plain = written(tmp_path / "reviews", texts)
    parts = written(
        tmp_path / "parts",
        {f"{p}/{k}": t for p in ("train", "test") for k, t in texts.items()},
    )

    found, parted = read_data(plain, TEXT), read_data(parts, TEXT)

    assert (found.source, found.labels) == ("reviews", ("bad", "good"))
    assert found.training.targets == (0, 1, 1)
    assert list(found.training.names) == ["bad/deep/1.txt", "good/1.txt", "good/2.TXT"]
    assert parted.test is not None
    assert len(parted.test) == 3
    assert found.training.fingerprint()


def test_a_folder_of_texts_in_another_encoding(tmp_path: Path) -> None:
    """
    The files of a folder are read in the encoding that is named, as tables are.
    """
    for label, text in (("좋음", "재미있다"), ("나쁨", "지루하다")):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_bytes(text.encode("cp949"))

    given = TextInput(max_length=9, vocab_size=9)
    rows = read_data(tmp_path, given, encoding="cp949").training

    assert sorted(rows.items) == ["재미있다", "지루하다"]
    with pytest.raises(DataError) as told:
        read_data(tmp_path, given, encoding="utf-16")
    assert str(told.value) == (
        f"{tmp_path / '나쁨' / '1.txt'} is not utf-16 text (byte 6)."
    )


def test_a_folder_without_texts(tmp_path: Path) -> None:
    """
    A text model is shown what its folder should look like.
    """
    folder = pictures(tmp_path / "photos", 1)

    assert complaint(folder, TEXT) == (
        f"{folder / 'across'} holds no texts (.txt). It holds 1 .png."
    )
    assert complaint(folder / "down", TEXT) == (
        f"{folder / 'down'} has no folders in it. Give each class a folder of its own "
        "that is named as the class: reviews/good/1.txt, reviews/bad/2.txt."
    )


def test_a_folder_for_a_model_of_tables(tmp_path: Path) -> None:
    """
    The message says what to give.
    """
    assert complaint(tmp_path, ROW) == (
        f"{tmp_path} is a folder, and this model takes rows of a table: give a CSV, "
        "JSON or parquet file."
    )


def test_rows_without_a_label(tmp_path: Path) -> None:
    """
    They are counted and named, of numbers too.
    """
    words = csv(tmp_path, "a,b,label\n1,1,x\n1,1,\n1,1,y\n")
    assert complaint(words, ROW) == "rows.csv: 1 row has no label: line 3."

    numbers = csv(tmp_path, "a,b,label\n1,1,7\n1,1,\n1,1,\n")
    assert complaint(numbers, ROW) == "rows.csv: 2 rows have no label: line 3, line 4."


def test_an_unknown_target(tmp_path: Path) -> None:
    """
    With what comes near it.
    """
    path = csv(tmp_path, "a,b,size\n1,1,x\n")

    assert complaint(path, ROW, target="sise") == (
        f"{path} has no target column 'sise'. Did you mean 'size'? It has a, b, size; "
        "name it with target=... (--target)."
    )
    assert complaint(path, ROW) == (
        f"{path} has no target column 'label' or 'labels' or 'class' or 'target'. It "
        "has a, b, size; name it with target=... (--target)."
    )


def test_a_missing_column(tmp_path: Path) -> None:
    """
    The model needs each of its own.
    """
    path = csv(tmp_path, "a,label\n1,x\n")

    assert complaint(path, ROW) == (
        f"{path} has no column 'b', which the model takes. It has a, label."
    )


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("tall", "not a number"),
        ("nan", "not a number"),
        ("1e300", "too large a number"),
    ],
)
def test_targets_that_are_no_numbers(tmp_path: Path, value: str, fault: str) -> None:
    """
    The row is named.
    """
    path = tmp_path / "rows.jsonl"
    rows = [{"a": 1, "b": 1, "target": "2"}, {"a": 1, "b": 1, "target": value}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    assert complaint(path, ROW, output_spec=SIZE) == (
        f"rows.jsonl: the target of line 2 is {value!r}, {fault}."
    )


def test_labels_of_a_part_that_are_no_classes(tmp_path: Path) -> None:
    """
    What is tested must have been taught.
    """
    pictures(tmp_path / "train", 1)
    pictures(tmp_path / "test", 1, ("across", "askew"))

    assert complaint(tmp_path) == (
        f"{tmp_path.name}: the test rows have labels that are no classes: askew. "
        "Classes: across, down."
    )


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    """
    What can be read is listed.
    """
    path = tmp_path / "rows.ods"
    path.write_bytes(b"")

    assert complaint(path, ROW) == (
        f"{path} is no table the zoo can read: give .csv, .tsv, .jsonl, .ndjson, "
        ".json, .parquet, or a folder of class-named folders."
    )


@pytest.mark.parametrize("option", ["target", "column", "encoding"])
def test_an_option_of_no_use_in_a_folder_of_pictures(
    option: str, tmp_path: Path
) -> None:
    photos = pictures(tmp_path / "photos", 2)

    assert complaint(photos, **{option: "cp949"}) == (
        f"{option}='cp949' is of no use: {photos} is a folder of pictures. "
        "Leave it out."
    )


def test_a_column_of_no_use_in_plain_text(tmp_path: Path) -> None:
    """
    Its encoding is of use.
    """
    essay = tmp_path / "essay.txt"
    essay.write_bytes("가나다 ".encode("cp949") * 9)

    assert complaint(essay, TEXT, column="text", kind=OwnTextTargets()) == (
        f"column='text' is of no use: {essay} is not a table. Leave it out."
    )
    found = read_data(essay, TEXT, encoding="cp949", kind=OwnTextTargets())
    assert "\uac00" in found.training.items[0]


def test_an_encoding_of_no_use_where_no_text_file_is(tmp_path: Path) -> None:
    """
    Of parquet, of a table in memory, and of a dataset that is named.
    """
    path, table = tmp_path / "rows.parquet", pd.DataFrame(TABLE)
    table.to_parquet(path)
    start, end = "encoding='cp949' is of no use: ", ". Leave it out."
    found = [complaint(data, ROW, encoding="cp949") for data in (path, table, "iris")]

    assert found == [
        f"{start}{path} is a parquet file{end}",
        f"{start}the data is not in a file{end}",
        f"{start}'iris' names a dataset{end}",
    ]


def test_a_name_of_nothing() -> None:
    """
    Neither a folder nor a file nor registered; near misses are named.
    """
    assert complaint("brest-cancer", ROW) == (
        "'brest-cancer' is no folder, no file and no registered dataset. Did you mean "
        "'breast-cancer'?"
    )


def test_something_else() -> None:
    """
    What is taken is listed.
    """
    assert complaint(7) == (
        "An int is not data to learn from. Give a folder of class-named folders, a "
        "CSV, JSON or parquet file, a DataFrame, a datasets.Dataset, a registered "
        "name, or a Hub id."
    )


def test_no_training_rows() -> None:
    """
    A test split alone teaches nothing.
    """
    rows = library.DatasetDict({"test": library.Dataset.from_dict(TABLE)})

    assert complaint(rows, ROW) == "the dataset holds no training rows."


# Holding rows back


def numbered(*targets: float) -> LabeledExamples:
    return LabeledExamples(
        items=list(range(len(targets))),
        targets=targets,
        names=[str(n) for n in range(len(targets))],
    )


def test_of_each_class_a_share_is_held_back() -> None:
    """
    At least one, and the same rows for the same seed.
    """
    rows = numbered(*[0] * 10, *[1] * 3)

    fitting, held = train_val_split(rows, 0.2, seed=0, stratified=True)
    again = train_val_split(rows, 0.2, seed=0, stratified=True)

    assert sorted(held.targets) == [0, 0, 1]
    assert sorted([*fitting.items, *held.items]) == list(range(13))
    assert again == (fitting, held)
    assert train_val_split(rows, 0.2, seed=1, stratified=True) != again


def test_too_few_rows_to_hold_any_back() -> None:
    """
    The classes are named, and one row is one row.
    """

    def said(rows: LabeledExamples, val_fraction: float = 0.2, **how: Any) -> str:
        with pytest.raises(DataError) as caught:
            train_val_split(rows, val_fraction, seed=0, **how)
        return str(caught.value)

    classes = {"stratified": True, "labels": ("ants", "bees", "cats")}
    rest = "held back for validation, at least one row. Give more, or validation rows."

    assert said(numbered(0, 0, 1, 2, 2), **classes) == (
        f"1 row of bees is too few: of each class a part is {rest}"
    )
    assert said(numbered(0, 0, 1, 2), **classes) == (
        f"1 row of bees, 1 row of cats are too few: of each class a part is {rest}"
    )
    assert said(numbered(0, 0, 0), 0.9, **classes) == (
        f"3 rows of ants are too few: of each class a part is {rest}"
    )
    assert said(numbered(0.5), stratified=False) == (
        f"1 row is too few: a part is {rest}"
    )


# Labels


def test_labels_that_are_the_same_number_have_an_order(tmp_path: Path) -> None:
    """
    The same one in every run: 001 before 01 before 1.
    """
    lines = "".join(f"1,1,{label}\n" for label in ("1", "001", "2", "01"))

    with pytest.warns(DataWarning, match="'001' and '01' and '1' may be one class"):
        found = read_data(csv(tmp_path, "a,b,label\n" + lines), ROW)

    assert found.labels == ("001", "01", "1", "2")


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ({"yes", "no"}, "labels are a list, in the order of the model's output, and"),
        ({"yes": 0, "no": 1}, "labels are a list, in the order of the model's output"),
        ("yes", "labels are a list, in the order of the model's output, and not a str"),
        (["yes", "no", "yes"], "labels have yes twice."),
        (["yes", "no", ""], "labels have an empty label."),
    ],
    ids=["a set", "a dict", "a text", "twice", "empty"],
)
def test_labels_that_are_no_list(labels: Any, fault: str) -> None:
    """
    A set has another order in every run, and a text is not its letters.
    """
    rows = library.Dataset.from_dict(TABLE)

    assert complaint(rows, ROW, labels=labels).startswith(f"the dataset: {fault}")


def test_numbers_of_numpy_are_labels() -> None:
    """
    As the numbers that they are.
    """
    rows = pd.DataFrame({"a": [1, 1], "b": [1, 1], "label": np.float32([1, 2])})

    assert read_data(rows, ROW).labels == ("1", "2")
    assert read_data(rows, ROW, labels=np.array([2, 1])).labels == ("2", "1")
    assert read_data(rows, ROW, labels=[np.int64(2), np.int64(1)]).training.targets == (
        1,
        0,
    )


@pytest.mark.parametrize("value", [[0, 1], {"x": 1}, ("x", "y")], ids=str)
def test_several_labels_of_a_row_are_refused(value: Any) -> None:
    """
    They are no class of their own.
    """
    rows = pd.DataFrame({"a": [1, 1], "b": [1, 1], "label": ["x", value]})

    assert complaint(rows, ROW) == (
        f"the table: row 2 has the label {value!r}, which is not one class. Models of "
        "the zoo are fine-tuned and measured on rows of one label each: make a column "
        "of one of the labels, and name it with target=... (--target)."
    )


def test_what_was_gathered_comes_back(tmp_path: Path) -> None:
    """
    As it is: what parted the rows once need not be parted again.
    """
    found = read_data(pictures(tmp_path / "photos", 1), PHOTO)

    assert read_data(found, PHOTO) is found
