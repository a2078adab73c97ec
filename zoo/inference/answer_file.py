"""A file of answers, a row for each input: written as they come, and gone on with.

Until all are there, the rows lie in a work file beside it, one JSON object a line, from
which a run that was interrupted goes on.
"""

import csv
import errno
import io
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO

from zoo._utils.atomic_write import atomic_file
from zoo._utils.file_lock import file_lock
from zoo._utils.schema import Malformed, convert, parse_json
from zoo.errors import DataError, MissingExtra
from zoo.inference.stream import Answer

__all__ = ["SUFFIXES", "AnswerFile", "as_row", "written_name"]

SUFFIXES = (".parquet", ".csv", ".jsonl")
CHUNK_ROWS = 10_000  # of a parquet file that are in memory at a time
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that is computed
NOT_OURS = (errno.ELOOP, errno.ENXIO)  # of a link that isn't followed, and a pipe
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What every row has."""

    input: str
    error: str | None


def as_row(answer: Answer, *, top: int | None = None) -> Row:
    """Return an answer as a row: its input, its numbers and words, and its error.

    Of a model of many labels the row has the best, `label` and `score`, and with `top`
    as many more, `label_2`, `score_2` and so on.
    """
    row: Row = {"input": written_name(answer.name)}
    if answer.result is not None:
        plain = answer.result.to_dict()
        scores = plain.pop("scores", None) if "label" in plain else None
        row |= plain
        for number, (label, score) in enumerate(list((scores or {}).items())[:top], 1):
            if top is not None and number > 1:
                row |= {f"label_{number}": label, f"score_{number}": score}
    problem = "" if answer.error is None else answer.error.problem
    return row | {"error": problem or None}


def written_name(name: str) -> str:
    """Return the name of an input as a file of answers has it: what is no text in it,
    as bytes of a file's name may be, is escaped."""
    return name.encode(errors="backslashreplace").decode()


class AnswerFile:
    """Writes answers into a parquet, CSV or JSONL file, as the ending of `path` says.

    `settings` are what the answers depend on: a run with others does not go on with
    rows of these. `formulas` is how many cells of a CSV a spreadsheet may take for a
    formula; they are written as they are. Raises DataError where `path` is there
    already, or is of another ending.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path, self.formulas = path, 0
        self.settings = json.loads(json.dumps(settings, default=str))
        self.work = path.with_name(f"{path.name}.part")
        if path.suffix.lower() not in SUFFIXES:
            raise DataError(
                f"{path} is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file: give "
                "a name with one of these endings."
            )
        if path.exists():
            raise DataError(
                f"{path} is there already. Give another name, or delete it first."
            )
        if path.suffix.lower() == ".parquet":
            _pyarrow()  # before any work is done

    @contextmanager
    def written(self) -> Iterator["_Work"]:
        """Open the work file; afterwards the answers are in the file itself.

        Where the block ends with an error, the work file stays. Raises DataError where
        another process writes it, or where it holds answers of another run.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            with file_lock(lock):
                with open(self.work, "a+b", opener=_open_own) as file:
                    yield self._begun(file)
                self._finish()
                self.work.unlink()
                lock.unlink(missing_ok=True)
        except BlockingIOError as exc:
            raise DataError(f"Another process is writing {self.path}.") from exc
        except OSError as exc:
            ours = map(str, (lock, self.work))
            if exc.errno not in NOT_OURS or str(exc.filename) not in ours:
                raise
            raise DataError(
                f"{exc.filename} is a link or a pipe, and no file that an interrupted "
                "run wrote. Delete it, or write to another file."
            ) from exc

    def _begun(self, file: IO[bytes]) -> "_Work":
        """Return the work that is done already; cut off what is half written."""
        file.seek(0)
        work = _Work(file)
        first, ours = file.readline(), json.dumps(self.settings).encode() + b"\n"
        if not first.endswith(b"\n") and ours.startswith(first):  # or nothing is there
            file.truncate(0)
            file.write(ours)
            file.flush()
            return work
        if self._parsed(first, 1) != self.settings:
            raise DataError(
                f"{self.work} holds answers of another model, of other inputs or "
                "options. Delete it, or write to another file."
            )
        end = file.tell()
        for number, line in enumerate(file, start=2):
            if not line.endswith(b"\n"):
                break
            row = self._parsed(line, number)
            work.names.append(row["input"])
            work.failed += row["error"] is not None
            end += len(line)
        file.truncate(end)
        return work

    def _rows(self) -> Iterator[Row]:
        with self.work.open("rb") as file:
            next(file)
            for number, line in enumerate(file, start=2):
                yield self._parsed(line, number)

    def _parsed(self, line: bytes, number: int) -> Row:
        """Return a line of the work file: the settings, or a row of answers."""
        try:
            row = convert(parse_json(line, nan=True), Row)
            if number > 1:
                head = {key: row[key] for key in ("input", "error") if key in row}
                convert(head, _Head)
        except Malformed as exc:
            raise DataError(
                f"{self.work} is not as an interrupted run wrote it (line {number}: "
                f"{exc}). Delete it, or write to another file."
            ) from exc
        return row

    def _finish(self) -> None:
        """Write the file from the work file: a reader sees all of it or nothing."""
        write = {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}
        seen: dict[str, set[type]] = {}
        formulas = 0
        for row in self._rows():
            for name, value in row.items():
                seen.setdefault(name, set()).add(type(value))
                formulas += isinstance(value, str) and value.startswith(FORMULA)
        seen["error"] = seen.pop("error", set())  # the last column
        self.formulas = formulas if self.path.suffix.lower() == ".csv" else 0
        with atomic_file(self.path) as file:
            write[self.path.suffix.lower()](file, self._rows(), seen)


def _open_own(path: str, flags: int) -> int:
    """Open the work file; a link in a stranger's folder may lead to any other."""
    own = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | own, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ENXIO, "it is no file", path)
    return descriptor


class _Work:
    """The rows that are written: `names` are the inputs of those of runs before, and
    `failed` of all rows so far have an error."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.names: list[str] = []
        self.failed = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows; none of them is lost once this returns."""
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        self.file.write("".join(f"{line}\n" for line in lines).encode())
        self.file.flush()
        self.failed += sum(row["error"] is not None for row in rows)


Columns = Mapping[str, set[type]]  # the types of the values of each


def _jsonl(file: BinaryIO, rows: Iterable[Row], columns: Columns) -> None:
    for row in rows:
        whole = {name: row.get(name) for name in columns}
        file.write((json.dumps(whole, ensure_ascii=False) + "\n").encode())


def _csv(file: BinaryIO, rows: Iterable[Row], columns: Columns) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_plain(row.get(name)) for name in columns])
    text.detach()  # written out; the file stays open


def _plain(value: Any) -> Any:
    """Return a value that a table holds: lists and dicts become JSON."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _parquet(file: BinaryIO, rows: Iterable[Row], columns: Columns) -> None:
    pyarrow = _pyarrow()
    from pyarrow import parquet

    def kind(types: set[type]) -> Any:
        held = types - {type(None)}
        if held == {bool}:
            return pyarrow.bool_()
        if held == {int}:
            return pyarrow.int64()
        return pyarrow.float64() if held and held <= {int, float} else pyarrow.string()

    schema = pyarrow.schema([(name, kind(types)) for name, types in columns.items()])
    coming = iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(coming, CHUNK_ROWS)):
            arrays = []
            for field in schema:
                values = [_plain(row.get(field.name)) for row in chunk]
                if field.type == pyarrow.string():
                    values = [None if v is None else str(v) for v in values]
                arrays.append(pyarrow.array(values, field.type))
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError as exc:
        raise MissingExtra("pyarrow", "Writing a parquet file", None) from exc
    return pa
