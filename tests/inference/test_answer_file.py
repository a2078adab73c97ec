"""Files of answers: every row once, however often the run was interrupted."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from zoo._utils.file_lock import file_lock
from zoo.errors import DataError, InputError
from zoo.inference.answer_file import AnswerFile, as_row
from zoo.inference.stream import Answer
from zoo.tasks.results.vision import Classification, MultiLabel, Regression

SETTINGS = {"model": "m", "top": None}
SCORES = {"cat": 0.7, "dog": 0.2, "owl": 0.1}
CAT = Classification(label="cat", score=0.7, scores=SCORES)


def rows(start: int, stop: int) -> list[dict[str, Any]]:
    return [
        {"input": f"{n}.png", "label": "é" * (n % 3), "score": n / 10, "error": None}
        for n in range(start, stop)
    ]


def interrupted(path: Path, given: list[dict[str, Any]]) -> None:
    """Write rows into a file of answers that never comes to its end."""
    try:
        with AnswerFile(path, SETTINGS).written() as work:
            work.write(given)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert not path.exists()


def test_the_row_of_an_answer() -> None:
    """
    The input, what the answer says, and the error in the place of it.
    """
    failed = Answer("b.png", None, InputError("It is empty.", "a picture"))
    price = Answer("row 1", Regression(value=3.5, name="price", unit="k$"))
    many = MultiLabel(labels=("a",), scores={"a": 0.9, "b": 0.1})

    assert as_row(Answer("a.png", CAT)) == {
        "input": "a.png",
        "label": "cat",
        "score": 0.7,
        "error": None,
    }
    assert as_row(Answer("a.png", CAT), top=2) == {
        "input": "a.png",
        "label": "cat",
        "score": 0.7,
        "label_2": "dog",
        "score_2": 0.2,
        "error": None,
    }
    assert as_row(failed) == {"input": "b.png", "error": "It is empty."}
    assert as_row(price)["value"] == 3.5
    assert as_row(Answer("a", many))["scores"] == {"a": 0.9, "b": 0.1}


def test_each_kind_of_file_holds_the_same_rows(tmp_path: Path) -> None:
    """
    Parquet, CSV and JSONL; lists become JSON in the first two.
    """
    parquet = pytest.importorskip("pyarrow.parquet")
    given = [
        {"input": "a", "label": "x", "score": 0.5, "seen": ["p", "q"], "error": None},
        {"input": "b", "error": "It is empty."},
    ]
    for ending in ("parquet", "csv", "jsonl"):
        with AnswerFile(tmp_path / f"a.{ending}", SETTINGS).written() as work:
            work.write(given)

    columns = ["input", "label", "score", "seen", "error"]
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.column_names == columns
    assert table.to_pylist()[0]["seen"] == '["p", "q"]'
    assert table.to_pylist()[0]["score"] == 0.5
    assert table.to_pylist()[1]["score"] is None
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            columns,
            ["a", "x", "0.5", '["p", "q"]', ""],
            ["b", "", "", "", "It is empty."],
        ]
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["error"] for line in lines] == [None, "It is empty."]
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "a.csv",
        "a.jsonl",
        "a.parquet",
    ]


def test_a_csv_keeps_what_looks_like_a_formula(tmp_path: Path) -> None:
    """
    The cells are counted and written as they are; numbers below zero are no formulas.
    """
    begun = ["=1+1", "+1", "-a", "@b", "\tc", "\rd"]
    given = [{"input": name, "score": -0.5, "error": None} for name in [*begun, "a=b"]]
    counted = {}
    for ending in ("csv", "jsonl"):
        file = AnswerFile(tmp_path / f"a.{ending}", SETTINGS)
        with file.written() as work:
            work.write(given)
        counted[ending] = file.formulas

    assert counted == {"csv": len(begun), "jsonl": 0}
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as read:
        assert [row[0] for row in csv.reader(read)] == ["input", *begun, "a=b"]


@pytest.mark.parametrize("cut", range(1, 90, 8))
def test_a_run_that_was_cut_anywhere_goes_on(tmp_path: Path, cut: int) -> None:
    """
    Whichever byte was the last, also within a letter: no row is lost, none is double.
    """
    path = tmp_path / "a.jsonl"
    interrupted(path, rows(0, 6))
    part = tmp_path / "a.jsonl.part"
    part.write_bytes(part.read_bytes()[:-cut])

    with AnswerFile(path, SETTINGS).written() as work:
        done = len(work.names)
        assert work.names == [f"{n}.png" for n in range(done)]
        work.write(rows(done, 8))

    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows(0, 8)
    assert done < 6


def test_a_work_file_that_was_cut_in_its_first_line(tmp_path: Path) -> None:
    """
    Nothing was answered yet.
    """
    (tmp_path / "a.csv.part").write_text('{"mod')

    with AnswerFile(tmp_path / "a.csv", SETTINGS).written() as work:
        assert work.names == []
        work.write(rows(0, 1))

    assert len((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()) == 2


def refused(path: Path, settings: dict[str, Any] = SETTINGS) -> str:
    with pytest.raises(DataError) as caught, AnswerFile(path, settings).written():
        pass
    return str(caught.value)


def test_refused(tmp_path: Path) -> None:
    """
    Nothing of the user's is overwritten, and no two runs are mixed.
    """
    path = tmp_path / "a.csv"
    path.write_text("mine")
    assert refused(path) == (
        f"{path} is there already. Give another name, or delete it first."
    )
    assert path.read_text() == "mine"
    path.unlink()

    assert refused(tmp_path / "a.txt") == (
        f"{tmp_path}/a.txt is no .parquet, .csv or .jsonl file: give a name with one "
        "of these endings."
    )
    with file_lock(tmp_path / ".a.csv.lock"):
        assert refused(path) == f"Another process is writing {path}."
    interrupted(path, [])
    assert refused(path, SETTINGS | {"top": 3}) == (
        f"{path}.part holds answers of another model, of other inputs or options. "
        "Delete it, or write to another file."
    )


def test_what_is_no_work_file_of_ours_is_left_alone(tmp_path: Path) -> None:
    """
    A folder from somebody else may hold links in the places of work files and locks,
    and a user's folder downloads that are called as a work file is.
    """
    token = tmp_path / "token"
    token.write_text("secret")
    folder = tmp_path / "theirs"
    folder.mkdir()
    path = folder / "a.csv"
    part, lock = folder / "a.csv.part", folder / ".a.csv.lock"

    part.symlink_to(token)
    assert refused(path).startswith(f"{part} is a link or a pipe, and no file")
    part.unlink()
    os.mkfifo(part)
    assert refused(path).startswith(f"{part} is a link or a pipe, and no file")
    part.unlink()
    part.write_text("half a download")
    assert "is not as an interrupted run wrote it" in refused(path)
    assert part.read_text() == "half a download"
    part.unlink()
    lock.unlink()
    lock.symlink_to(tmp_path / "new")
    assert refused(path).startswith(f"{lock} is a link or a pipe, and no file")
    lock.unlink()
    os.mkfifo(lock)
    assert refused(path).startswith(f"{lock} is a link or a pipe, and no file")

    assert token.read_text() == "secret"
    assert not (tmp_path / "new").exists()
