"""One reader of tables: the same values for prediction, evaluation and fine-tuning."""

import json
import warnings
from pathlib import Path
from typing import Any
from unicodedata import normalize

import datasets as library
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import parquet

import zoo
from zoo.datasets.custom.reader import read_data, read_part
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.datasets.custom.tables import read_table
from zoo.errors import DataError, DataWarning, InputError
from zoo.preprocessing.tabular import TabularPreprocessor
from zoo.preprocessing.time_series import SeriesPreprocessor
from zoo.specs import (
    ClassOutput,
    Column,
    ImageInput,
    OCROutput,
    SeriesInput,
    TabularInput,
    TextInput,
)

NUMBERS = (Column(name="a", low=0, high=100), Column(name="b", low=0, high=100))
ROW = TabularInput(columns=NUMBERS)
LAST = SeriesInput(columns=NUMBERS, length=2)
TEXT = TextInput(max_length=10, vocab_size=10, language="ko")
PHOTO = ImageInput(height=8, width=8)
CLASSES = ClassOutput(labels=("x", "y"))
ALIKE = (
    "may be one class in several spellings, and each is learned as a class of its own. "
    "If they are one, write them alike."
)


def csv(folder: Path, text: str | bytes, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def complaint(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises((DataError, InputError)) as caught:
        call(*arguments, **options)
    found = caught.value
    return found.problem if isinstance(found, InputError) else str(found)


def three_complaints(path: Path, input_spec: Any = ROW, **options: Any) -> set[str]:
    """Return what fine-tuning, evaluation and prediction say of a table."""

    def predict() -> None:
        raw = read_inputs(path, input_spec, **options)
        TabularPreprocessor().split_items(raw, input_spec)

    labels = ["x", "y"]
    return {
        complaint(read_data, path, input_spec, **options),
        complaint(
            read_part, path, input_spec, CLASSES, ["test"], labels=labels, **options
        ),
        complaint(predict),
    }


# Values as they are written


def test_labels_are_what_is_written(tmp_path: Path) -> None:
    """
    01 is not 1, and 007 is another class than 7.
    """
    path = csv(tmp_path, "a,b,label\n1,1,01\n1,1,02\n1,1,007\n1,1,7\n")

    with pytest.warns(DataWarning) as said:
        found = read_data(path, ROW)

    assert found.labels == ("01", "02", "007", "7")
    assert [str(one.message) for one in said] == [
        f"rows.csv: '007' and '7' {ALIKE}",
    ]


@pytest.mark.parametrize(
    ("labels", "pairs"),
    [
        (["0.0", "0", "1"], "'0' and '0.0'"),
        (["1e1", "10", "10.0", "2"], "'10' and '10.0' and '1e1'"),
        (["true", "yes", "no"], "'true' and 'yes'"),
        (["light blue", "light_blue", "x"], "'light blue' and 'light_blue'"),
        (["x\uff11", "x1", "dog"], "'x1' and 'x\uff11'"),
        (["-1", "- 1", "1"], ""),
        (["-", "_", " . "], ""),
        (["1", "true", "yes/no"], ""),
        (["cat", "cats"], ""),
    ],
    ids=str,
)
def test_labels_that_may_be_one_class(
    labels: list[str], pairs: str, tmp_path: Path
) -> None:
    """
    They stay classes of their own, and one warning lists them; it goes into the card.
    Where labels were named by the user or the model, they are as meant.
    """
    frame = pd.DataFrame({"a": 1, "b": 1, "label": labels * 2})
    note = f"the table: {pairs} {ALIKE}" if pairs else ""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = read_data(frame, ROW)
        named = read_data(frame, ROW, labels=list(found.labels))

    assert len(found.labels) == len(labels)
    assert [str(one.message) for one in said] == [note] * bool(pairs)
    assert found.notes == (note,) * bool(pairs)
    assert named.notes == ()


def test_labels_that_differ_in_case(tmp_path: Path) -> None:
    """
    They are refused: no folder of one of them can lie beside the other everywhere.
    """
    path = csv(tmp_path, "a,b,label\n1,1,True\n1,1,TRUE\n1,1,no\n")

    assert complaint(read_data, path, ROW) == (
        "rows.csv: the labels 'TRUE' and 'True' differ in case only. Write them alike, "
        "or rename one."
    )


@pytest.mark.filterwarnings("ignore:.*may stand for a missing label")
def test_words_for_nothing_are_words(tmp_path: Path) -> None:
    """
    NA is Namibia, and None, null and nan are labels and texts too.
    """
    words = ["NA", "None", "null", "nan", "N/A"]
    lines = "".join(f"{word},{word}\n" for word in words)

    found = read_data(csv(tmp_path, "text,label\n" + lines), TEXT)

    assert sorted(found.labels) == sorted(words)
    assert [*found.training.items] == words


def test_a_column_that_changes_late(tmp_path: Path) -> None:
    """
    Ten thousand rows that look like numbers do not decide what the next one is.
    """
    lines = "1,1,5,\n" * 10_001 + "1,1,five,a note\n"

    found = read_data(csv(tmp_path, "a,b,label,note\n" + lines), ROW)

    assert found.labels == ("5", "five")
    assert found.counts() == {"5": 10_001, "five": 1}


@pytest.mark.filterwarnings("ignore:.*may stand for a missing label")
def test_a_file_for_each_kind_of_table_holds_the_same(tmp_path: Path) -> None:
    """
    CSV, TSV, semicolons, JSON, parquet, a frame, a dataset: one meaning.
    """
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [0.5, 0.25], "label": ["01", "NA"]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_csv(tmp_path / "rows.tsv", index=False, sep="\t")
    frame.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    frame.to_json(tmp_path / "rows.ndjson", orient="records", lines=True)
    frame.to_json(tmp_path / "rows.json", orient="records")
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    names = ["rows.csv", "rows.tsv", "semicolons.csv", "rows.jsonl", "rows.parquet"]
    names += ["rows.ndjson", "rows.json"]
    dataset = library.Dataset.from_pandas(frame)

    found = [
        read_data(one, ROW).training
        for one in [*(tmp_path / name for name in names), frame, dataset]
    ]

    assert {tuple(map(str, one.items)) for one in found} == {
        ("{'a': 1.0, 'b': 0.5}", "{'a': 2.0, 'b': 0.25}")
    }
    assert {one.targets for one in found} == {(0, 1)}
    assert len({one.fingerprint() for one in found}) == 1


def test_json_keeps_its_strings(tmp_path: Path) -> None:
    """
    A date is no timestamp, and a row without a key has None there.
    """
    rows = [{"a": 1, "b": 1, "label": "2020-01-02"}, {"a": 1, "b": 1, "label": "x"}]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n", encoding="utf-8")

    assert read_data(path, ROW).labels == ("2020-01-02", "x")
    assert read_table(path)[0] == rows[0]


# What is refused, alike everywhere


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "a,b,label\n1,2,x,\n3,4,y,\n",
            "{path}, line 2: 4 values under 3 names. Take the separator at the end of "
            "the line away.",
        ),
        (
            "a,b,label\n1,2,x,1\n",
            "{path}, line 2: 4 values under 3 names. Put quotes around a value that "
            "holds a comma.",
        ),
        (
            "# of 2024\na,b,label\n1,2,x\n",
            "{path}, line 2: 3 values under 1 name. The first line seems to be a "
            "title, and no names of columns: delete it.",
        ),
        (
            "a,b,label\n1,1,2,x\n2,3,4,y\n",
            "{path}, line 2: 4 values under 3 names. Give the first column a name if "
            "it has none, or put quotes around a value that holds a comma.",
        ),
        ("a,b,label\n1,2,x\n\n1,2\n", "{path}, line 4: 2 values under 3 names."),
        (
            "a,b,a,label\n1,2,3,x\n",
            "{path} has more than one column named 'a': which of them is meant can't "
            "be told. Rename all but one.",
        ),
        (
            "a;b|label\n1;2|x\n",
            "{path}: the first line holds ';' and '|', so what separates its columns "
            "can't be told. Separate them by commas.",
        ),
        (
            "a,b,label\n1,2,고양이\n".encode("cp949"),
            "{path} is not UTF-8 text (byte 14); it looks like cp949: save it as "
            "UTF-8. Or give encoding='cp949' (--encoding cp949).",
        ),
        (
            "a,b,label\n1,2,ねこです\n".encode("cp932"),
            "{path} is not UTF-8 text (byte 14); it looks like cp932: save it as "
            "UTF-8. Or give encoding='cp932' (--encoding cp932).",
        ),
        (
            "a,b,label\n1,2,Käfer\n".encode("cp1252"),
            "{path} is not UTF-8 text (byte 15); it looks like cp1252: save it as "
            "UTF-8. Or give encoding='cp1252' (--encoding cp1252).",
        ),
        (
            "a,b,label\n1,2,x\n".encode("utf-16"),
            "{path} is not UTF-8 text (byte 0); it looks like utf-16: save it as "
            "UTF-8. Or give encoding='utf-16' (--encoding utf-16).",
        ),
        (
            "a,b,label\n1,2,x\n".encode("utf-16-le"),
            "{path} is not text, it holds zero bytes: it looks like utf-16-le, save it "
            "as UTF-8. Or give encoding='utf-16-le' (--encoding utf-16-le).",
        ),
        (
            'a,b,label\n1,2,"x\n',
            "{path} can't be read as CSV (unexpected end of data).",
        ),
    ],
    ids=[
        "a comma at the end",
        "a comma in a value",
        "a title",
        "a column without a name",
        "too few",
        "a name twice",
        "two separators",
        "Korean",
        "Japanese",
        "Western",
        "two bytes",
        "two bytes without a mark",
        "an open quote",
    ],
)
def test_a_table_that_can_not_be_read_as_meant(
    content: str | bytes, problem: str, tmp_path: Path
) -> None:
    """
    Fine-tuning, evaluation and prediction say the same, and none shifts a column.
    """
    path = csv(tmp_path, content)

    assert three_complaints(path) == {problem.format(path=path)}


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "euc-kr"])
def test_an_encoding_that_is_named(tmp_path: Path, encoding: str) -> None:
    """
    The same table, whatever it was written in.
    """
    path = csv(tmp_path, "a,b,label\n1,2,고양이\n1,2,개\n".encode(encoding))

    found = read_data(path, ROW, encoding=encoding)

    assert found.labels == ("개", "고양이")
    assert len(read_inputs(path, ROW, encoding=encoding)) == 2


def test_a_wrong_encoding_is_refused(tmp_path: Path) -> None:
    """
    One that does not exist, and one in which the file is not.
    """
    path = csv(tmp_path, "a,b,label\n1,2,고양이\n")

    assert three_complaints(path, encoding="utf-99") == {
        "There is no encoding 'utf-99'. Give one such as cp949, cp1252 or utf-16."
    }
    assert three_complaints(path, encoding="ascii") == {
        f"{path} is not ascii text (byte 14)."
    }


def test_a_text_of_a_reading_is_not_cut(tmp_path: Path) -> None:
    """
    What follows a comma without quotes is not thrown away.
    """
    path = csv(tmp_path, "image,text\nx.png,1,234\n")
    reading = OCROutput(labels=("1",))

    assert complaint(read_data, path, PHOTO, reading) == (
        f"{path}, line 2: 3 values under 2 names. Put quotes around a value that holds "
        "a comma."
    )


def test_a_frame_with_a_name_twice() -> None:
    """
    Which of two columns is meant can't be told, for a prediction either.
    """
    frame = pd.DataFrame([[1, 2, 3, "x"]], columns=["a", "b", "a", "label"])
    problem = (
        "The table has more than one column named 'a': which of them is meant can't be "
        "told. Rename all but one."
    )

    assert complaint(read_data, frame, ROW) == problem
    assert complaint(read_inputs, frame, ROW) == problem
    assert complaint(read_inputs, frame, LAST) == problem


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[1, 2]", "is no JSON object. Give one for each row, such as "),
        ("{", "is not JSON (Expecting property name enclosed in double quotes: "),
        ('{"a": 1, "a": 2}', "has more than one column named 'a': which of them is "),
    ],
)
def test_a_line_of_json_that_is_no_row(tmp_path: Path, line: str, problem: str) -> None:
    """
    The line is named, and two values of one name are refused.
    """
    path = csv(tmp_path, line, "rows.jsonl")

    assert complaint(read_table, path).startswith(f"{path}, line 1 {problem}")


def test_a_table_has_so_many_columns_at_most(tmp_path: Path) -> None:
    """
    Names are compared in time that grows with their number, and more than a model would
    read are refused, in whatever file.
    """
    names = [f"c{number}" for number in range(10_001)]
    wide = pd.DataFrame([range(10_001)], columns=names)
    csv(tmp_path, ",".join(names) + "\n")
    csv(tmp_path, json.dumps(dict.fromkeys(names, 1)), "rows.jsonl")

    for source, given in (
        (tmp_path / "rows.csv", tmp_path / "rows.csv"),
        (f"{tmp_path / 'rows.jsonl'}, line 1", tmp_path / "rows.jsonl"),
        ("The table", wide),
    ):
        assert complaint(read_table, given) == (
            f"{source} has 10,001 columns, and 10,000 are read at most: leave out what "
            "the model does not need."
        )


def test_rows_with_a_column_each_are_no_table(tmp_path: Path) -> None:
    """
    A small file would take the memory of the square of its rows.
    """
    lines = "".join(f'{{"c{number}": 1}}\n' for number in range(4000))
    path = csv(tmp_path, lines, "rows.jsonl")

    assert complaint(read_table, path) == (
        f"{path} has 4,000 columns, and its 4,000 rows have values for one in 4,000 of "
        "them: as a table it would be 16,000,000 values. Leave out the columns that "
        "few rows have."
    )


def test_a_small_parquet_file_with_millions_of_equal_rows(tmp_path: Path) -> None:
    """
    It is refused by what it says of itself, before its rows are unpacked.
    """
    path = tmp_path / "rows.parquet"
    count = 1_100_000
    same = pa.DictionaryArray.from_arrays(
        pa.array(memoryview(bytes(count)).cast("b"), pa.int8()), pa.array(["x" * 40])
    )
    parquet.write_table(pa.table({"text": same}), path, row_group_size=count)

    assert complaint(read_table, path) == (
        f"{path} has 1,100,000 rows in {path.stat().st_size:,} bytes, which is no "
        "table of examples: 50,000,000 rows are read at most, and above 1,000,000 no "
        "more than 10 for a byte."
    )


def test_an_empty_table(tmp_path: Path) -> None:
    """
    Nothing at all, or names without rows.
    """
    assert complaint(read_data, csv(tmp_path, ""), ROW) == (
        f"{tmp_path / 'rows.csv'} is empty."
    )
    assert complaint(read_data, csv(tmp_path, "a,b,label\n"), ROW) == (
        "rows.csv has names of columns, and no rows."
    )


# One class, however its letters are composed


def test_a_class_spelled_in_two_ways(tmp_path: Path) -> None:
    """
    A Mac writes the parts of a letter, and others the letter: it is one class, in
    tables, folders, names of columns, and of splits.
    """
    parts, whole = normalize("NFD", "고양이"), "고양이"
    table = csv(tmp_path, f"a,b,label\n1,1,{parts}\n1,1,{whole}\n1,1,개\n")
    column = csv(tmp_path, f"a,b,{parts}\n1,1,x\n1,1,y\n", "named.csv")
    for folder in (parts, whole, "개"):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / "photos" / folder / "1.png")

    assert read_data(table, ROW).counts() == {"개": 1, whole: 2}
    assert read_data(tmp_path / "photos", PHOTO).counts() == {"개": 1, whole: 2}
    assert read_data(column, ROW, target=whole).labels == ("x", "y")
    assert read_data(table, ROW, labels=(parts, "개")).labels == (whole, "개")


def test_classes_that_a_model_knows_by_their_parts(tmp_path: Path) -> None:
    """
    The model's own spelling and order stay.
    """
    known = (normalize("NFD", "고양이"), "개")
    table = csv(tmp_path, "a,b,label\n1,1,고양이\n1,1,개\n")

    found = read_data(table, ROW, known=known)

    assert (found.labels, found.training.targets) == (known, (0, 1))


def test_a_captcha_named_by_the_parts_of_its_letters(tmp_path: Path) -> None:
    """
    A letter of a Mac's file names is the same character.
    """
    for name in (normalize("NFD", "가나"), "나가"):
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")

    found = read_data(tmp_path, PHOTO, OCROutput(labels=("x",)))

    assert found.labels == ("가", "나")
    assert sorted(found.training.targets) == ["가나", "나가"]


# Inputs without targets


def test_a_table_of_texts_is_a_list(tmp_path: Path) -> None:
    """
    One text a row: by the usual name, by the name that is given, or the only one.
    """
    usual = pd.DataFrame({"review": ["좋다", "싫다"], "note": ["x", "y"]})
    alone = pd.DataFrame({"말": ["좋다", "싫다"], "n": [1, 2], "label": ["x", "y"]})
    alone.to_csv(tmp_path / "rows.csv", index=False)
    alone.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    alone.to_parquet(tmp_path / "rows.parquet")

    assert read_inputs(usual, TEXT) == ["좋다", "싫다"]
    assert read_inputs(usual, TEXT, column="note") == ["x", "y"]
    assert read_inputs(alone, TEXT) == ["좋다", "싫다"]
    for name in ("rows.csv", "rows.jsonl", "rows.parquet"):
        assert read_inputs(tmp_path / name, TEXT) == ["좋다", "싫다"]
    assert read_inputs(str(tmp_path / "rows.csv"), TEXT) == str(tmp_path / "rows.csv")


def test_which_column_holds_the_texts_is_not_guessed() -> None:
    """
    Of two, one is named.
    """
    frame = pd.DataFrame({"one": ["x"], "two": ["y"]})

    assert complaint(read_inputs, frame, TEXT) == (
        "The table has no text column 'text' or 'sentence' or 'document' or 'content'. "
        "It has one, two; name it with column=... (--column)."
    )
    assert complaint(read_inputs, frame, TEXT, column="tow") == (
        "The table has no text column 'tow'. Did you mean 'two'? It has one, two; name "
        "it with column=... (--column)."
    )
    assert complaint(read_inputs, "a text", TEXT, column="two") == (
        "column='two' names a column, and the input is no table."
    )
    assert complaint(read_inputs, ["a text", frame], TEXT) == (
        "Item 2 is a table. Give a table alone, and not in a list."
    )


def test_a_frame_is_fine_tuned_and_evaluated_on() -> None:
    """
    As a file of the same rows is.
    """
    frame = pd.DataFrame({"comment": ["p", "q"], "label": ["x", "y"]})
    parts = {"train": frame, "Test": frame[:1]}

    found = read_data(frame, TEXT)
    splits = read_data(parts, TEXT)
    part = read_part(frame, TEXT, CLASSES, ["test"], labels=["x", "y"])

    assert ([*found.training.items], found.labels) == (["p", "q"], ("x", "y"))
    assert splits.test is not None
    assert len(splits.test) == 1
    assert (part.rows.targets, [*part.rows.items]) == ((0, 1), ["p", "q"])


def test_features_of_a_table_are_those_of_its_rows() -> None:
    """
    A frame of texts is no list of the names of its columns.
    """
    frame = pd.DataFrame({"review": ["좋은 영화다", "지루하다"], "note": ["x", "y"]})
    model = zoo.load("gru-nsmc")

    found = zoo.features(model, frame)

    assert torch.equal(found, zoo.features(model, list(frame["review"])))
    assert zoo.features(model, frame, column="note").shape == found.shape


def test_a_table_of_rows_keeps_where_they_stand(tmp_path: Path) -> None:
    """
    A message names the line of the file, or the row of the frame.
    """
    path = csv(tmp_path, "a,b\n1,2\n\n1,tall\n")
    frame = pd.DataFrame({"a": [1, 1], "b": [2, "tall"]})
    reader = TabularPreprocessor()

    def read(raw: Any) -> str:
        return complaint(reader.split_items, read_inputs(raw, ROW), ROW)

    assert read(path) == f"{path}, line 4: column 'b' holds 'tall', not a number."
    assert read(frame) == "Row 2: column 'b' holds 'tall', not a number."
    assert read_inputs(pd.DataFrame([[1, 2]]), ROW).shape == (1, 2)


@pytest.mark.filterwarnings("ignore:.*has no column of dates")
def test_several_tables_are_several_series(tmp_path: Path) -> None:
    """
    A list of files or frames, each one series.
    """
    path = csv(tmp_path, "a,b\n1,2\n3,4\n5,6\n")
    frame = pd.DataFrame({"a": [1, 3, 5], "b": [2, 4, 6]})
    reader = SeriesPreprocessor()

    items, single = reader.split_items(read_inputs([path, frame], LAST), LAST)

    assert not single
    assert [reader.load_item(one, LAST).rows for one in items] == [
        [[3.0, 4.0], [5.0, 6.0]]
    ] * 2


# Tables stay at home


OUTSIDE = {
    "http://127.0.0.1/x.png": "an address",
    "file:///etc/x.png": "an address",
    "//host/share/x.png": "an address",
    "../x.png": "outside",
    "photos/../../x.png": "outside",
    "/etc/x.png": "outside",
    "C:\\x.png": "outside",
    "..\\x.png": "outside",
}


def refusal(place: str, where: str, home: Path) -> str:
    allow = "If that is meant, give allow_outside=True (--allow-outside)."
    if OUTSIDE[place] == "an address":
        return (
            f"{where} names {place!r}, an address. A table's pictures are files beside "
            f"it: download them first. {allow}"
        )
    return (
        f"{where} names {place!r}, which is not in {home}, the folder of the table. "
        f"{allow}"
    )


@pytest.mark.parametrize("place", OUTSIDE)
def test_a_table_names_only_what_is_beside_it(tmp_path: Path, place: str) -> None:
    """
    No address is asked and no file elsewhere is opened, unless that is meant.
    """
    lines = f"image,label\nin/x.png,x\n{place},y\n"
    path = csv(tmp_path, lines)
    problem = refusal(place, f"{path}, line 3", tmp_path)

    assert complaint(read_data, path, PHOTO) == problem
    assert complaint(read_inputs, path, PHOTO) == problem
    assert read_data(path, PHOTO, allow_outside=True).training.items == [
        tmp_path / "in/x.png",
        tmp_path / place,
    ]
    assert read_inputs(path, PHOTO, allow_outside=True)[1] == tmp_path / place


def test_a_link_beside_a_table_stays_beside_it(tmp_path: Path) -> None:
    """
    A picture may be a link to another file there, and not to one elsewhere.
    """
    home, away = tmp_path / "home", tmp_path / "away.png"
    home.mkdir()
    for picture in (home / "in.png", away):
        Image.new("RGB", (4, 4)).save(picture)
    (home / "same.png").symlink_to("in.png")
    (home / "out.png").symlink_to(away)
    allow = "If that is meant, give allow_outside=True (--allow-outside)."
    near = csv(home, "image,label\nin.png,x\nsame.png,y\n", "near.csv")
    far = csv(home, "image,label\nin.png,x\nout.png,y\n", "far.csv")
    problem = (
        f"{far}, line 3 names 'out.png', which is not in {home}, the folder of the "
        f"table. {allow}"
    )

    assert len(read_data(near, PHOTO).training) == 2
    assert complaint(read_data, far, PHOTO) == problem
    assert complaint(read_inputs, far, PHOTO) == problem
    assert len(read_data(far, PHOTO, allow_outside=True).training) == 2


@pytest.mark.parametrize("place", ["http://127.0.0.1/x.png", "../x.png", "/etc/x.png"])
def test_a_stored_picture_names_only_what_is_beside_its_table(
    tmp_path: Path, place: str
) -> None:
    """
    Pictures of a parquet file may be paths instead of bytes.
    """
    path = tmp_path / "rows.parquet"
    Image.new("RGB", (4, 4)).save(tmp_path / "in.png")
    held = {
        "image": [{"bytes": None, "path": p} for p in ("in.png", place)],
        "label": ["x", "y"],
    }
    features = library.Features(
        {"image": library.Image(), "label": library.Value("string")}
    )
    parquet.write_table(pa.Table.from_pydict(held, features.arrow_schema), path)
    kept = read_table(path)
    assert isinstance(kept, library.Dataset)
    assert kept.data.column("image")[1].as_py()["bytes"] is None
    problem = refusal(place, f"{path}, row 2", tmp_path)

    assert complaint(read_data, path, PHOTO) == problem
    assert complaint(read_inputs, path, PHOTO) == problem
    allowed = read_data(path, PHOTO, allow_outside=True).training
    assert allowed.items[0] == tmp_path / "in.png"


def test_a_frame_names_files_but_no_addresses(tmp_path: Path) -> None:
    """
    It has no folder: paths are those of the working folder, or whole.
    """
    whole = str(tmp_path / "x.png")
    frame = pd.DataFrame({"image": [whole, "http://127.0.0.1/x.png"]})

    assert read_inputs(frame[:1], PHOTO) == [Path(whole)]
    assert complaint(read_inputs, frame, PHOTO) == refusal(
        "http://127.0.0.1/x.png", "The table, row 2", tmp_path
    )


# Files that are no table


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty."),
        ("[]", "is empty."),
        (
            '{"a": {"0": 1}}',
            "holds no list of rows. Give a list with an object for each row, such as "
            '[{"text": "fine", "label": "good"}], which pandas writes with '
            "orient='records'.",
        ),
        (
            "[1]",
            "row 1 is no JSON object. Give one for each row, such as "
            '{"text": "fine", "label": "good"}.',
        ),
        ("[{", "is not JSON (Expecting property name enclosed in double quotes: "),
    ],
)
def test_a_file_of_json_that_is_no_table(
    tmp_path: Path, content: str, problem: str
) -> None:
    """
    What one is made of is said, and how pandas writes it.
    """
    path = csv(tmp_path, content, "rows.json")

    said = complaint(read_table, path)

    assert said.startswith(f"{path}, {problem}" if "row" in problem[:3] else f"{path} ")
    assert problem in said


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.xls", "rows.csv"])
def test_a_workbook(tmp_path: Path, name: str) -> None:
    """
    It is known by its content; CSV and pandas are named, to prediction too.
    """
    start = b"\xd0\xcf\x11\xe0" if name.endswith(".xls") else b"PK\x03\x04"
    path = csv(tmp_path, start + bytes(range(256)), name)

    assert three_complaints(path) == {
        f"{path} is no text, but a file such as Excel and LibreOffice write: save the "
        "sheet as CSV in UTF-8, or read it with pandas.read_excel and give the "
        "DataFrame."
    }


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.json"])
def test_a_file_of_no_bytes(tmp_path: Path, name: str) -> None:
    """
    Fine-tuning, evaluation and prediction say the same of it.
    """
    path = csv(tmp_path, b"", name)

    assert three_complaints(path) == {f"{path} is empty."}
    assert complaint(read_inputs, path, TEXT) == f"{path} is empty."


def test_a_key_that_a_row_lacks(tmp_path: Path) -> None:
    """
    The rows are named by their lines; a prediction of many goes on past them.
    """
    lines = ['{"text": "a", "n": 1}', '{"n": 2}', "", '{"text": null}', '{"text": "b"}']
    path = csv(tmp_path, "\n".join(lines), "rows.jsonl")

    assert complaint(read_inputs, path, TEXT) == (
        f"{path}: 2 rows have no 'text': line 2, line 4."
    )
    assert read_inputs(path, TEXT, allow_missing=True) == ["a", None, None, "b"]
    numbers = csv(tmp_path, '{"a": 1, "b": 1, "label": "x"}\n{"a": 1}', "n.jsonl")
    with pytest.raises(InputError) as caught:
        TabularPreprocessor().split_items(read_inputs(numbers, ROW), ROW)
    assert caught.value.problem == (
        f"{numbers}, line 2: column 'b' holds None, not a number."
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_line_by_which_excel_says_the_separator(
    tmp_path: Path, separator: str, end: str
) -> None:
    """
    It is no header, and lines keep their numbers.
    """
    lines = ["sep=,", "a,b,label", "1,2,x", "3,four,y"]
    text = end.join(lines).replace(",", separator)
    path = csv(tmp_path, text)

    found = read_table(path)

    assert found[:] == {"a": ["1", "3"], "b": ["2", "four"], "label": ["x", "y"]}
    with pytest.raises(InputError) as caught:
        TabularPreprocessor().split_items(read_inputs(path, ROW), ROW)
    assert caught.value.problem == (
        f"{path}, line 4: column 'b' holds 'four', not a number."
    )


@pytest.mark.parametrize("place", ["http://127.0.0.1:9/a.png", "/etc/hostname"])
def test_only_the_column_of_pictures_is_opened(tmp_path: Path, place: str) -> None:
    """
    A parquet file says itself which columns are pictures. One of labels or of texts
    that is said to be so would be opened as it is read, wherever it leads.
    """
    kept, named = library.Image(), {"bytes": None, "path": place}
    picture = Image.new("RGB", (28, 28))

    def written(**columns: Any) -> Path:
        features = library.Features(dict.fromkeys(columns, kept))
        rows = library.Dataset.from_dict(columns, features=features)
        parquet.write_table(rows.data.table, tmp_path / "rows.parquet")  # embeds none
        return tmp_path / "rows.parquet"

    problem = "holds pictures, sounds or the like, which are no values of a table"
    said = complaint(read_data, written(image=[picture], label=[named]), PHOTO)
    assert f"the column 'label' {problem}" in said
    said = complaint(read_inputs, written(text=[named]), TEXT, column="text")
    assert f"the column 'text' {problem}" in said
    said = complaint(read_inputs, written(a=[named], b=[named]), ROW)
    assert f"the column 'a' {problem}" in said


def test_a_number_that_stands_for_a_missing_value_is_said(tmp_path: Path) -> None:
    """
    Of the columns that a model reads and of the target, in fine-tuning and evaluation
    alike; it is not changed.
    """
    columns = zoo.get_spec("mlp-california").input.required_columns
    lines = [",".join([*columns, "target"])]
    for number in range(12):
        values = [str(number / 4 + place) for place in range(len(columns))]
        if number == 5:
            values[0] = "-999"
        lines.append(",".join([*values, "9999" if number == 7 else f"{number}"]))
    (path := tmp_path / "houses.csv").write_text("\n".join(lines))
    spec = zoo.get_spec("mlp-california")

    with pytest.warns(DataWarning) as warned:
        part = read_part(path, spec.input, spec.output, ("test",))

    texts = [str(one.message)[:58] for one in warned]
    assert [one for one in texts if " lies far" not in one] == [
        f"houses.csv: '{columns[0]}' holds -999 in 1 row, far from its "[:58],
        "houses.csv: the target holds 9999 in 1 row, far from its other values"[:58],
    ]
    assert part.rows.targets[7] == 9999


@pytest.mark.parametrize("hidden", ["\u200b", "\ufeff", "\u00ad"])
def test_labels_that_differ_by_what_is_not_seen_are_said(
    hidden: str, tmp_path: Path
) -> None:
    """
    They stay classes, with a word about it.
    """
    path = csv(tmp_path, f"text,label\np,good\nq,g{hidden}ood\nr,bad\n")

    with pytest.warns(DataWarning, match="may be one class in several spellings"):
        found = read_data(path, TEXT)

    assert len(found.labels) == 3


def test_classes_named_as_missing_values_are_said(tmp_path: Path) -> None:
    """
    "NA" may be a country: it stays a class.
    """
    one = csv(tmp_path, "text,label\np,good\nq,NA\n", "one.csv")
    two = csv(tmp_path, "text,label\np,good\nq,nan\nr,?\n", "two.csv")

    with pytest.warns(DataWarning):
        notes = [read_data(path, TEXT).notes for path in (one, two)]

    assert notes == [
        (
            "one.csv: 'NA' is a class here, and may stand for a missing label. If it "
            "does, leave these rows out.",
        ),
        (
            "two.csv: '?', 'nan' are classes here, and may stand for a missing label. "
            "If they do, leave these rows out.",
        ),
    ]
