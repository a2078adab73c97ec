"""Whatever a table or folder holds: every reader sees the same, and all of it.

`ZOO_LONG=10` multiplies the number of examples, for a long run.
"""

import csv
import io
import os
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import normalize

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small import small

from zoo.datasets.custom.reader import read_data, read_part
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.datasets.custom.tables import read_table
from zoo.errors import DataError, InputError
from zoo.inference.features import model_inputs
from zoo.inference.sources import ReadInputs, source_of
from zoo.models.metadata import model_metadata
from zoo.preprocessing.image import ImagePreprocessor
from zoo.preprocessing.tabular import TabularPreprocessor
from zoo.preprocessing.time_series import SeriesPreprocessor
from zoo.specs import (
    ClassOutput,
    Column,
    ForecastOutput,
    SeriesInput,
    TabularInput,
    TextInput,
)
from zoo.tasks.targets.split_names import SPELLINGS, split_of

ROW = TabularInput(
    columns=(Column(name="a", low=0, high=1), Column(name="b", low=0, high=1))
)
TEXT = TextInput(max_length=10, vocab_size=10)
SERIES = SeriesInput(columns=ROW.columns, length=3)
TWO = ClassOutput(labels=("x", "y"))
NEXT = ForecastOutput(name="a")
TIMES = int(os.environ.get("ZOO_LONG", "1"))
FEW = settings(max_examples=60 * TIMES, deadline=None)
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


CELLS = st.one_of(
    NUMBERS, st.sampled_from(["", "x", "1,5", "NaN", "1_0", "True", " 2 "])
)


@FEW
@given(
    cells=st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=6),
    late=st.integers(0, 5),
)
def test_every_cell_is_the_same_number_for_every_reader(
    cells: list[tuple[str, str]], late: int
) -> None:
    """
    Numbers, and what is none however late it comes: a prediction, an evaluation and a
    fine-tuning have the same rows, or name the same first cell by its file and line.
    """
    plain = [("1", "2")] * late + cells
    labelled = ([a, b, "xy"[n % 2]] for n, (a, b) in enumerate(plain))
    text = written([["a", "b", "label"], *labelled], ",", csv.QUOTE_ALL)
    task = "tabular-classification"
    model = small(labels=("x", "y"), task=task, input=ROW)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "rows.csv"
        path.write_text(text, encoding="utf-8")
        predicted = outcome(
            lambda: TabularPreprocessor().split_items(read_inputs(path, ROW), ROW)[0]
        )
        found = read_data(path, ROW).training
        part = read_part(path, ROW, TWO, ["test"], labels=["x", "y"]).rows
        learned, measured = (
            outcome(lambda one=one: torch.cat([*model_inputs(model, one)]).tolist())
            for one in (found, part)
        )

    assert len(found) == len(part) == len(plain)
    assert learned == measured == predicted


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
    Composed or not, each label is its own class, in one order, and no row is lost; an
    evaluation reads the same. Numbers that are written in two ways are named.
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = outcome(lambda: read_data(path, TEXT))
            part = outcome(
                lambda: read_part(
                    path, TEXT, None, ["test"], labels=getattr(found, "labels", None)
                )
            )

    if isinstance(found, str):
        same = {label.casefold() for label in expected}
        assert len(expected) < 2 or len(same) < len(expected)
    else:
        assert {*found.labels} == expected
        numbers = [label for label in expected if label.isdecimal()]
        twice = [one for one in numbers if [*map(int, numbers)].count(int(one)) > 1]
        assert all(repr(one) in " ".join(found.notes) for one in twice)
        assert [found.labels[n] for n in found.training.targets] == [
            normalize("NFC", label).strip() for label in labels
        ]
        assert part.rows.targets == found.training.targets


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
    counted as left out; no split becomes a class beside others, and evaluation takes
    the rows that fine-tuning has kept for it. A prediction answers every file.
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
            known = getattr(found, "labels", None)
            part = outcome(
                lambda: read_part(
                    folder, TEXT, None, ["test", "validation"], labels=known
                )
            )
            answered = outcome(
                lambda: len({*source_of(folder, TEXT, ReadInputs()).items()})
            )

    assert answered == (total or f"{folder} holds no texts (.txt).")
    if isinstance(found, str):
        return
    parts = found.parts()
    wanted = next(one for one in ("test", "validation", "training") if one in parts)
    assert part.rows == parts[wanted]  # what is evaluated is what was set apart
    read = sum(map(len, found.parts().values()))
    left = sum(int(note.partition("(")[2].partition(" ")[0]) for note in found.notes)
    assert read + left == total
    assert not any(split_of(label) for label in found.labels)
    assert len({split_of(name) for name in splits}) == len(splits)


TAGS = st.lists(
    st.tuples(st.integers(6, 60), st.sampled_from([0, 1, 3, 6, 8, 12, 255])),
    max_size=4,
)


@FEW
@given(tags=TAGS, kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_a_photograph_lies_alike_for_every_reader(
    tags: list[tuple[int, int]], kind: str
) -> None:
    """
    Whatever its EXIF has become: fine-tuning and evaluation see the pixels that a
    prediction sees.
    """
    noted = Image.Exif()
    noted[0x0112], noted[0x0128] = 6, 2  # turned to the right; the unit of resolution
    block = bytearray(noted.tobytes())
    for place, value in tags:
        block[place % len(block)] = value
    shades = Image.linear_gradient("L").resize((9, 6)).convert("RGB")
    model = small(labels=("left", "right"))
    with TemporaryDirectory() as place:
        folder = Path(place) / "photos"
        for label in ("left", "right"):
            (folder / label).mkdir(parents=True)
            path = folder / label / f"1.{kind.lower()}"
            shades.save(path, format=kind, exif=bytes(block))

        spec = model_metadata(model).spec
        found = read_data(folder, spec.input).training
        part = read_part(folder, spec.input, spec.output, ["test"], labels=spec.labels)
        opened = [ImagePreprocessor().load_item(one, spec.input) for one in found.items]
        learned = torch.cat([*model_inputs(model, found)])
        measured = torch.cat([*model_inputs(model, part.rows)])

    predicted = ImagePreprocessor().collate(opened, spec.input)
    assert torch.equal(learned, predicted)
    assert torch.equal(measured, predicted)


DAYS = st.lists(
    st.dates(date(1990, 1, 1), date(2030, 1, 1)), min_size=4, max_size=4, unique=True
)
FORMS = st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%Y%m%d"])


@FEW
@given(days=DAYS, form=FORMS, turn=st.sampled_from(["", "sort", "reverse"]))
def test_a_series_is_in_one_order_for_every_reader(
    days: list[date], form: str, turn: str
) -> None:
    """
    Whatever the dates and how they are written: fine-tuning and evaluation refuse with
    one text, or take the rows as they stand; a prediction refuses what goes back in
    time, and never what the two others take.
    """
    ordered = sorted(days, reverse=turn == "reverse") if turn else days
    lines = [f"{day.strftime(form)},{n},{n}" for n, day in enumerate(ordered)]
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "rows.csv"
        path.write_text("\n".join(["date,a,b", *lines]), encoding="utf-8")
        found = outcome(lambda: read_data(path, SERIES, NEXT))
        part = outcome(lambda: read_part(path, SERIES, NEXT, ["test"]))
        last = outcome(
            lambda: SeriesPreprocessor().load_item(read_inputs(path, SERIES), SERIES)
        )

    if ordered == sorted(days):
        assert found.training.targets == part.rows.targets == (3.0,)
        assert last.rows == [[float(n), float(n)] for n in (1, 2, 3)]
    else:
        assert isinstance(found, str)
        assert found == part
        assert isinstance(last, str) or ordered[1:] == sorted(ordered[1:])
    if turn == "reverse":
        assert isinstance(last, str)
