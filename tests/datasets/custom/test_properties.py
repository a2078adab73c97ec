"""Whatever a table or folder holds: every reader sees the same, and all of it."""

import csv
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import normalize

from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.datasets.custom.reader import read_data, read_part
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.datasets.custom.tables import read_table
from zoo.errors import DataError, InputError
from zoo.preprocessing.tabular import TabularPreprocessor
from zoo.specs import ClassOutput, Column, TabularInput, TextInput
from zoo.tasks.targets.split_names import SPELLINGS, split_of

ROW = TabularInput(
    columns=(Column(name="a", low=0, high=1), Column(name="b", low=0, high=1))
)
TEXT = TextInput(max_length=10, vocab_size=10)
FEW = settings(max_examples=60, deadline=None)
# Text that encodings of two alphabets hold, with all that CSV treats in its own way.
WORDS = st.text(alphabet="ab가나01.,;|\t\"\n '-", min_size=1, max_size=8)
NUMBERS = st.one_of(
    st.integers(-5, 10**6).map(str), st.sampled_from(["1e3", "0.50", "007", "-0"])
)
ODD = st.sampled_from(["NA", "null", "None", "nan", "", "1", "x", "TRUE", "2020-01-02"])


def written(rows: list[list[str]], delimiter: str, quoting: int) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(rows)
    return text.getvalue()


def outcome(read: Callable[[], Any]) -> Any:
    """Return what a reader gives, or what it says."""
    try:
        return read()
    except (DataError, InputError) as exc:
        return exc.problem if isinstance(exc, InputError) else str(exc)


@FEW
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, WORDS, ODD), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp949", "utf-16"]),
)
def test_every_value_of_a_csv_file_is_read_as_it_is_written(
    rows: list[tuple[str, ...]], delimiter: str, quoting: int, encoding: str
) -> None:
    """
    Whatever the separators, quotes and encoding, and whatever an unused column holds:
    blanks before a value are the only thing that goes.
    """
    plain = [[value.lstrip(" ") or "x" for value in row[:3]] for row in rows]
    table = [[*row[:2], row[2], odd[3]] for row, odd in zip(plain, rows, strict=True)]
    text = written([["a", "b", "label", "unused"], *table], delimiter, quoting)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(text.encode(encoding))
        how = None if encoding.startswith("utf-8") else encoding

        found = read_table(path, encoding=how)
        items, _ = TabularPreprocessor().split_items(
            read_inputs(path, ROW, encoding=how), ROW
        )

    assert found[:] == {
        name: [row[number] for row in table]
        for number, name in enumerate(["a", "b", "label", "unused"])
    }
    assert items == [[float(row[0]), float(row[1])] for row in table]


@FEW
@given(
    content=st.one_of(
        st.text(alphabet='ab,;\n"1\r 가\t', max_size=40).map(str.encode),
        st.text(alphabet="ab,\n1가", max_size=30).map(
            lambda text: text.encode("cp949")
        ),
        st.binary(max_size=30),
    )
)
def test_all_readers_say_the_same_of_any_file(content: bytes) -> None:
    """
    Fine-tuning, evaluation and prediction read as many rows, or refuse with one text.
    """
    head = b"a,b,label\n"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(head + content)
        labels = ClassOutput(labels=("x", "y"))

        table = outcome(lambda: len(read_table(path)))
        predicted = outcome(lambda: len(read_inputs(path, ROW)))
        found = outcome(lambda: read_data(path, ROW))
        part = outcome(
            lambda: read_part(path, ROW, labels, ["test"], labels=["x", "y"])
        )

    assert predicted == table
    if isinstance(table, str):
        assert found == part == table
    elif not isinstance(found, str):
        assert len(found.training) == table


@FEW
@given(
    labels=st.lists(
        st.one_of(
            st.text("고양이cat 01", min_size=1, max_size=4),
            st.sampled_from(["NA", "1"]),
        ).filter(str.strip),
        min_size=2,
        max_size=8,
    ),
    composed=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_labels_are_classes_by_what_they_spell(
    labels: list[str], composed: list[bool]
) -> None:
    """
    Composed or not, each label is its own class, in one order, and no row is lost.
    """
    spelled = [
        normalize("NFC" if whole else "NFD", label)
        for label, whole in zip(labels, composed, strict=False)
    ]
    rows = [["text", "label"], *(["t", label] for label in spelled)]
    expected = {normalize("NFC", label).strip() for label in labels}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_text(written(rows, ",", csv.QUOTE_ALL), encoding="utf-8")
        found = outcome(lambda: read_data(path, TEXT))

    if isinstance(found, str):
        same = {label.casefold() for label in expected}
        assert len(expected) < 2 or len(same) < len(expected)
    else:
        assert {*found.labels} == expected
        assert [found.labels[n] for n in found.training.targets] == [
            normalize("NFC", label).strip() for label in labels
        ]


SPLITS = st.sampled_from([name for names in SPELLINGS.values() for name in names])
CASES = st.sampled_from([str.lower, str.upper, str.title])


@FEW
@given(
    named=st.lists(st.tuples(SPLITS, CASES), max_size=3),
    others=st.lists(st.sampled_from(["cats", "dogs", "more"]), max_size=3, unique=True),
    flat=st.booleans(),
)
def test_every_file_of_a_folder_is_read_or_accounted_for(
    named: list[tuple[str, Callable[[str], str]]], others: list[str], flat: bool
) -> None:
    """
    Folders of splits and of classes in any mixture: refused, or all files are rows or
    counted as left out; no split becomes a class beside others.
    """
    splits = {case(name) for name, case in named}
    with TemporaryDirectory() as place:
        folder = Path(place) / "texts"
        folder.mkdir()
        for name in (*splits, *others):
            inside = [""] if flat or name in others else ["good", "bad"]
            for one in inside:
                (folder / name / one).mkdir(parents=True, exist_ok=True)
                (folder / name / one / "1.txt").write_text(f"{name} {one}")
        total = len([*folder.rglob("*.txt")])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = outcome(lambda: read_data(folder, TEXT))

    if isinstance(found, str):
        return
    read = sum(map(len, found.parts().values()))
    left = sum(int(note.partition("(")[2].partition(" ")[0]) for note in found.notes)
    assert read + left == total
    assert not any(split_of(label) for label in found.labels)
    assert len({split_of(name) for name in splits}) == len(splits)
