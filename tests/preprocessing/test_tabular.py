"""A table row in every form a person has it, and what is said about a wrong one."""

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from zoo import Column, TabularInput
from zoo.errors import InputError
from zoo.preprocessing.tabular import TabularPreprocessor
from zoo.runtime.tabular import describe
from zoo.runtime.tabular import read as rows

LENGTHS = TabularInput(
    columns=(
        Column(name="sepal", low=4.0, high=7.0, unit="cm"),
        Column(name="petal", low=1.0, high=5.0),
    )
)
ONE, TWO = [[5.0, 1.5]], [[5.0, 1.5], [6.5, 4.0]]
RECORDS = [{"sepal": 5.0, "petal": 1.5}, {"petal": 4.0, "sepal": 6.5, "id": 7}]
COLUMNS = {"sepal": [5.0, 6.5], "petal": [1.5, 4.0]}

SINGLE: dict[str, Any] = {
    "dict": {"petal": 1.5, "sepal": 5},
    "dict with more": {"id": None, "sepal": 5, "petal": 1.5, "kind": "setosa"},
    "dict of text": {"sepal": " 5.0 ", "petal": "1.5e0"},
    "dict of numpy scalars": {"sepal": np.float32(5), "petal": np.float64(1.5)},
    "dict of 0-d tensors": {"sepal": torch.tensor(5), "petal": torch.tensor(1.5)},
    "dict of decimals": {"sepal": Decimal(5), "petal": Decimal("1.5")},
    "list": [5, 1.5],
    "tuple": (5, 1.5),
    "array": np.array([5, 1.5]),
    "tensor": torch.tensor([5, 1.5]),
    "series": pd.Series({"petal": 1.5, "sepal": 5.0}),
    "row of a frame": pd.DataFrame(COLUMNS).iloc[0],
}
SEVERAL: dict[str, Any] = {
    "list of dicts": RECORDS,
    "tuple of lists": ([5, 1.5], [6.5, 4]),
    "list of arrays": list(np.array(TWO)),
    "list of tensors": list(torch.tensor(TWO)),
    "list of series": [row for _, row in pd.DataFrame(COLUMNS).iterrows()],
    "array": np.array(TWO, dtype=np.float32),
    "array of objects": np.array(TWO, dtype=object),
    "tensor": torch.tensor(TWO, dtype=torch.float64),
    "frame": pd.DataFrame(RECORDS),
    "frame without names": pd.DataFrame(TWO),
    "dict of lists": COLUMNS,
    "dict of arrays": {name: np.array(held) for name, held in COLUMNS.items()},
}


@pytest.mark.parametrize("form", SINGLE)
def test_one_row(form: str) -> None:
    """
    A row is read by name where it has names, by position where it has none.
    """
    assert rows(SINGLE[form], LENGTHS) == (ONE, True)


@pytest.mark.parametrize("form", SEVERAL)
def test_several_rows(form: str) -> None:
    """
    Rows keep their order, and count as several.
    """
    assert rows(SEVERAL[form], LENGTHS) == (TWO, False)


@pytest.mark.parametrize(
    "form", [[[5, 1.5]], np.array(ONE), torch.tensor(ONE), [RECORDS[0]]], ids=str
)
def test_a_list_of_one_row_is_a_list(form: Any) -> None:
    """
    What was given as a list is answered by a list, however short.
    """
    assert rows(form, LENGTHS) == (ONE, False)


@pytest.mark.parametrize(
    "form", [[True, False], [np.True_, np.False_], torch.tensor([True, False])], ids=str
)
def test_truth_values_are_numbers(form: Any) -> None:
    """
    True is 1 and False is 0, in Python, in numpy and in torch, and a warning says so.
    """
    with pytest.warns(UserWarning, match="holds truth values") as said:
        assert rows(form, LENGTHS)[0] == [[1.0, 0.0]]

    assert [str(one.message) for one in said] == [
        "Column 'sepal' holds truth values: True is read as 1, and False as 0.",
        "Column 'petal' holds truth values: True is read as 1, and False as 0.",
    ]


CSV: dict[str, bytes] = {
    "plain": b"sepal,petal\n5.0,1.5\n6.5,4\n",
    "other order, other columns": b"id,petal,sepal\nx,1.5,5.0\ny,4,6.5\n",
    "byte order mark": b"\xef\xbb\xbfsepal,petal\n5.0,1.5\n6.5,4\n",
    "spaces after commas": b"sepal, petal\n5.0, 1.5\n6.5, 4\n",
    "quotes and Windows": b'"sepal","petal"\r\n"5.0","1.5"\r\n6.5,4\r\n',
    "blank lines": b"sepal,petal\n\n5.0,1.5\n\n6.5,4",
}


@pytest.mark.parametrize("form", CSV)
def test_a_csv_file(form: str, tmp_path: Path) -> None:
    """
    A CSV file with a header gives its rows, by name, from a path or from memory.
    """
    path = tmp_path / "données.csv"
    path.write_bytes(CSV[form])

    assert rows(path, LENGTHS) == (TWO, False)
    assert rows(str(path), LENGTHS) == (TWO, False)
    assert rows(CSV[form], LENGTHS) == (TWO, False)


REFUSED: list[tuple[Any, str]] = [
    ([], "The input is empty."),
    ((), "The input is empty."),
    (np.zeros((0, 2)), "The input is empty."),
    (pd.DataFrame(columns=["sepal", "petal"]), "The input is empty."),
    ({"sepal": [], "petal": []}, "The input is empty."),
    ([[]], "0 values for 2 columns."),
    ({}, "0 values for 2 columns."),
    ([1, 2, 3], "3 values for 2 columns."),
    (torch.zeros(3), "3 values for 2 columns."),
    ([[1, 2], [1]], "Row 2: 1 value for 2 columns."),
    ([[1, 2], 3], "Row 2: 3 is not a row."),
    (np.zeros((2, 2, 2)), "Row 1: column 'sepal' holds [0.0, 0.0], not a number."),
    (
        {"sepal": [1, 2], "petal": [1]},
        "The columns differ in length (sepal: 2, petal: 1).",
    ),
    (
        {"sepal": [1, 2], "petal": 1},
        "The columns differ in length (sepal: 2, petal: 1).",
    ),
    ({"sepal": 1, "petals": 2}, "column 'petal' is missing. Is it 'petals'?"),
    (
        {"sepal": 1, "width": 2},
        "column 'petal' is missing. There is: sepal, width.",
    ),
    (
        [{"sepal": 1, "petal": 2}, {"sepal": 1}],
        "Row 2: column 'petal' is missing. There is: sepal.",
    ),
    ([5, "tall"], "column 'petal' holds 'tall', not a number."),
    ([5, ""], "column 'petal' holds '', not a number."),
    ([5, None], "column 'petal' holds None, not a number."),
    ([5, math.nan], "column 'petal' holds nan, not a number."),
    ([[5, 1], [5, math.inf]], "Row 2: column 'petal' holds inf, not a number."),
    ([5, "-inf"], "column 'petal' holds '-inf', not a number."),
    ([5, 1j], "column 'petal' holds 1j, not a number."),
    ([5, np.complex64(1)], "column 'petal' holds (1+0j), not a number."),
    ([5, pd.NA], "column 'petal' holds <NA>, not a number."),
    ([5, b"1"], "column 'petal' holds b'1', not a number."),
    ([5, 1e39], "column 'petal' holds 1e+39, too large a number."),
    (
        [5, 10**400],
        f"column 'petal' holds 1{'0' * 59}..., too large a number.",
    ),
    (5, "An int is not a row."),
    (None, "A NoneType is not a row."),
    (np.float32(5), "A float32 is not a row."),
    ({5, 1}, "A set is not a row."),
    (
        b"sepal,petal\n5,tall",
        "The file, line 2: column 'petal' holds 'tall', not a number.",
    ),
]


@pytest.mark.parametrize(
    ("raw", "problem"), REFUSED, ids=[problem[:60] for _, problem in REFUSED]
)
def test_refused(raw: Any, problem: str) -> None:
    """
    The message says which row and column is wrong, and what the model expects.
    """
    with pytest.raises(InputError) as caught:
        rows(raw, LENGTHS)

    assert str(caught.value) == f"{problem} The model expects {describe(LENGTHS)}."


REFUSED_FILES: list[tuple[bytes, str]] = [
    (b"", "{path} is empty."),
    (b"sepal,petal\n", "{path} has names of columns, and no rows."),
    (
        b"sepal;petal\n5;1,5\n",
        "{path}, line 2: column 'petal' holds '1,5', not a number: write 1.5, or leave "
        "the comma out.",
    ),
    (
        b"5.0,1.5\n6.5,4\n",
        "{path}, line 2: column 'sepal' is missing. The first line holds numbers, and "
        "no names of columns: add them. The model",
    ),
    (b"sepals,petals\n6.5,4\n", "{path}, line 2: column 'sepal' is missing. Is it "),
    (b"\x1f\x8b\x08\x00", "{path} is no text, but compressed: unpack it first."),
    (b"%PDF-1.7\n", "{path} is no text, but a PDF: save its text in UTF-8."),
    (b"sepal,petal\n5,1\n\n5\n", "{path}, line 4: 1 value under 2 names. The model"),
    (b"sepal,petal\n5,1,1\n", "{path}, line 2: 3 values under 2 names. Put"),
    (b"sepal,petal\n5,1\n5,tall\n", "{path}, line 3: column 'petal' holds 'tall',"),
    (b"sepal,petal\n5,\n", "{path}, line 2: column 'petal' holds '', not a number."),
    (
        "sepal,petal,ort\n5,1,Köln\n".encode("latin-1"),
        "{path} is not UTF-8 text (byte 21); it looks like cp1252: save it as UTF-8.",
    ),
    (b'sepal,petal\n5,"1\n', "{path} can't be read as CSV (unexpected end of data)."),
]


@pytest.mark.parametrize(
    ("content", "problem"), REFUSED_FILES, ids=[text for _, text in REFUSED_FILES]
)
def test_a_refused_file(content: bytes, problem: str, tmp_path: Path) -> None:
    """
    The message names the file and the line.
    """
    path = tmp_path / "flowers.csv"
    path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        rows(path, LENGTHS)

    assert str(caught.value).startswith(problem.format(path=path))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    """
    A path that leads to no file says so.
    """
    with pytest.raises(InputError) as missing:
        rows("no such.csv", LENGTHS)
    with pytest.raises(InputError) as folder:
        rows(tmp_path, LENGTHS)
    with pytest.raises(InputError, match="can't be read as CSV"):
        rows("a\0b", LENGTHS)

    assert missing.value.problem == "There is no file 'no such.csv'."
    assert folder.value.problem == f"{tmp_path} is a folder."


def test_rows_become_a_batch() -> None:
    """
    A batch is float32, (rows, columns).
    """
    batch = TabularPreprocessor().collate(TWO, LENGTHS)

    assert batch.dtype == torch.float32
    assert batch.tolist() == TWO


def test_numbers_like_those_of_training_raise_no_suspicion() -> None:
    """
    As far again beyond the range as the range is wide is still accepted.
    """
    batch = torch.tensor([[1.0, 1.0], [10.0, 9.0]])

    assert TabularPreprocessor().input_warnings(batch, LENGTHS) == []


def test_numbers_far_outside() -> None:
    """
    Of every column, with the first row of it, and what training saw.
    """
    batch = torch.tensor([[5.0, 1.5], [51.0, -3.5], [60.0, 2.0]])

    found = TabularPreprocessor().input_warnings(batch, LENGTHS)

    assert [one.kind for one in found] == ["sepal", "petal"]
    assert [one.rows for one in found] == [(1, 2), (1,)]
    assert [one.text("row 2", len(one.rows)) for one in found] == [
        "sepal = 51 (row 2 and 1 more) lies far outside the training data (4 to 7 cm): "
        "check its unit.",
        "petal = -3.5 (row 2) lies far outside the training data (1 to 5): check its "
        "unit.",
    ]
    assert found[1].text() == (
        "petal = -3.5 lies far outside the training data (1 to 5): check its unit."
    )


@pytest.mark.parametrize("cell", ["5_1", "1_000.5"])
def test_an_underscore_is_no_part_of_a_number(cell: str) -> None:
    """
    Python's own notation is not what a table means.
    """
    with pytest.raises(InputError) as caught:
        rows({"sepal": cell, "petal": 1.5}, LENGTHS)

    assert caught.value.problem == f"column 'sepal' holds {cell!r}, not a number."


def test_a_list_of_one_beside_a_number_is_one_row() -> None:
    assert rows({"sepal": [5.0], "petal": 1.5}, LENGTHS) == (ONE, False)


def test_a_row_that_is_masked() -> None:
    """
    A mask is a value that is missing: the row and the column are named.
    """
    masked = np.ma.masked_equal(np.array([[5.0, 1.5], [6.5, -1.0]]), -1)

    with pytest.raises(InputError) as caught:
        rows(masked, LENGTHS)

    assert caught.value.problem == ("Row 2: column 'petal' holds None, not a number.")


@pytest.mark.parametrize("numbers", [[5.0, 1.5], [5.0, 1.5, 2.0]])
def test_a_series_without_names(numbers: list[float]) -> None:
    """
    A column of as many rows as the model has columns is not taken for a row.
    """
    with pytest.raises(InputError) as caught:
        rows(pd.Series(numbers), LENGTHS)

    assert caught.value.problem == (
        "A Series whose index has no names may be a row or a column. Give a column as "
        "series.to_frame(), and a row as series.tolist()."
    )
    assert rows(pd.Series([5.0, 1.5]).tolist(), LENGTHS) == (ONE, True)


def test_series_as_columns() -> None:
    """
    A dict of Series is a table of columns, and a list of rows of a frame its rows.
    """
    frame = pd.DataFrame(COLUMNS)

    assert rows({name: frame[name] for name in frame}, LENGTHS) == (TWO, False)
    assert rows([frame.iloc[0], frame.iloc[1]], LENGTHS) == (TWO, False)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("3,14", ": write 3.14, or leave the comma out."),
        ("-1,5", ": write -1.5, or leave the comma out."),
        ("0,322", ": write 0.322, or leave the comma out."),
        (
            "1,322",
            ": write 1322 where commas part thousands, or 1.322 where it is a decimal "
            "comma.",
        ),
        ("1,322,000", ": write 1322000 where commas part thousands."),
        ("TRUE", ": write 1 for true and 0 for false."),
        ("no", ": write 1 for true and 0 for false."),
        ("1,2,3", "."),
        ("tall", "."),
    ],
)
def test_how_a_number_is_written(value: str, hint: str) -> None:
    """
    A comma for the point and words for truth are told from what is no number at all.
    """
    with pytest.raises(InputError) as caught:
        rows({"sepal": 5, "petal": value}, LENGTHS)

    assert caught.value.problem == (
        f"column 'petal' holds {value!r}, not a number{hint}"
    )
