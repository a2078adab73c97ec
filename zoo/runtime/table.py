"""A table of a CSV file, with every value as it is written: "007" stays "007"."""

import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize

from zoo.runtime import ZooError
from zoo.runtime.input_errors import WORKBOOK, no_text
from zoo.runtime.time_order import holds_dates

DELIMITERS = ",;\t|"
HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # what .xlsx and .xls begin with
SEPARATOR = re.compile(r"sep=([,;\t|])(?=\r?\n)")
MAX_COLUMNS = 10_000  # of a table; to find each by its name takes their square
MAX_FIELD = 2**31 - 1  # characters of a value; the csv module stops at 131,072
# What a file that is not UTF-8 may be in, and the first and last letter of its script.
# Kana come first: to Korean Windows they are rare syllables, and not the reverse.
SCRIPTS = {
    "cp932": ("\u3040", "\u30ff"),
    "cp949": ("\uac00", "\ud7a3"),
    "gb18030": ("\u4e00", "\u9fff"),
}


class TableError(ZooError):
    """A table can't be read as it is meant; `encoding` is what its text may be in."""

    def __init__(self, problem: str, encoding: str = "") -> None:
        super().__init__(problem)
        self.problem, self.encoding = problem, encoding


class Table:
    """Rows under named columns, read like those of a `datasets.Dataset`.

    `table["name"]` is a column, `table[3]` a row as a dict, and `table[1:4]` a dict of
    lists. `places` says where each row stands, for a message; `times` is the index of
    a frame, or the dates of a first column without a name.
    """

    def __init__(
        self,
        source: str,
        column_names: Sequence[str],
        rows: Sequence[Sequence[Any]],
        places: Sequence[str],
        times: Sequence[Any] | None = None,
    ) -> None:
        self.source, self.column_names = source, list(column_names)
        self.rows, self.places, self.times = rows, places, times

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            number = self.column_names.index(key)
            return [row[number] for row in self.rows]
        if isinstance(key, int):
            return dict(zip(self.column_names, self.rows[key], strict=True))
        rows = self.rows[key] if isinstance(key, slice) else [self.rows[n] for n in key]
        return {
            name: [row[number] for row in rows]
            for number, name in enumerate(self.column_names)
        }

    def place(self, number: int) -> str:
        """Return where a row stands, for a message."""
        place = self.places[number]
        return f"{self.source}, {place}" if self.source else place.capitalize()

    def select_columns(self, names: Sequence[str]) -> "Table":
        """Return the table with some of its columns, in this order."""
        numbers = [self.column_names.index(name) for name in names]
        rows = [[row[number] for number in numbers] for row in self.rows]
        return Table(self.source, names, rows, self.places, self.times)


def read_csv(
    raw: str | os.PathLike[str] | bytes,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Table:
    """Return the table of a CSV file (its path, or its content), of strings alone.

    Columns are separated by `delimiter`, by default commas, or semicolons, tabs or bars
    where the first line holds no comma, or by what a line "sep=;" before it says. The
    text is UTF-8 unless `encoding` says otherwise. Blanks after a separator, empty
    lines and columns without a name are left out. Raises TableError for an empty file,
    two columns of one name, and a line that has more or fewer values than the first.
    """
    name = "The file" if isinstance(raw, bytes) else str(raw)
    text = read_text(raw, name, encoding)
    if not text.strip():
        raise TableError(f"{name} is empty.")
    if said := SEPARATOR.match(text):  # by Excel: an empty line keeps the numbers
        delimiter, text = said[1], text[said.end() :]
    before = csv.field_size_limit(MAX_FIELD)
    try:
        lines = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter or _delimiter(text, name),
            skipinitialspace=True,
            strict=True,
        )
        return _checked(name, lines)
    except csv.Error as exc:
        raise TableError(f"{name} can't be read as CSV ({exc}).") from exc
    finally:
        csv.field_size_limit(before)


def read_text(
    raw: str | os.PathLike[str] | bytes, name: str, encoding: str | None = None
) -> str:
    """Return the text of a file, or of its content. Raises TableError."""
    try:
        content = raw if isinstance(raw, bytes) else Path(raw).read_bytes()
        if content.startswith(WORKBOOKS):
            raise TableError(WORKBOOK.format(name))
        if fault := no_text(name, content):
            raise TableError(fault)
        text = content.decode(_codec(encoding))
    except FileNotFoundError:
        problem = f"There is no file {name!r}."
    except IsADirectoryError:
        problem = f"{name} is a folder."
    except UnicodeDecodeError as exc:
        if encoding is not None:
            raise TableError(
                f"{name} is not {encoding} text (byte {exc.start:,})."
            ) from exc
        found = looks_like(content)
        problem = f"{name} is not UTF-8 text (byte {exc.start:,})"
        guess = f"; it looks like {found}" if found else ""
        raise TableError(f"{problem}{guess}: save it as UTF-8.", found) from exc
    except (OSError, ValueError) as exc:
        problem = f"{name} can't be read as CSV ({exc})."
    else:
        if "\0" not in text:
            return text
        found = looks_like(content)
        guess = f": it looks like {found}, save it as UTF-8" if found else ""
        raise TableError(f"{name} is not text, it holds zero bytes{guess}.", found)
    raise TableError(problem)


def unique_names(source: str, names: Sequence[str]) -> list[str]:
    """Return the names of columns, each character in its composed form.

    Raises TableError where two are the same, and where they are too many.
    """
    if len(names) > MAX_COLUMNS:
        raise TableError(
            f"{source} has {len(names):,} columns, and {MAX_COLUMNS:,} are read at "
            "most: leave out what the model does not need."
        )
    plain = [normalize("NFC", name.strip()) for name in names]
    twice = [name for name, n in Counter(plain).items() if name and n > 1]
    if twice:
        listing = ", ".join(map(repr, twice))
        raise TableError(
            f"{source} has more than one column named {listing}: which of them is "
            "meant can't be told. Rename all but one."
        )
    return plain


def looks_like(content: bytes) -> str:
    """Return the encoding that text which is not UTF-8 is probably in, or ""."""
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if content.startswith(mark):
            return "utf-16"
    start = content[:2000]
    for place, found in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = start[place::2]
        if len(half) > 1 and half.count(0) > 0.4 * len(half) and start.count(0):
            return found
    if 0 in content:
        return ""
    runs = HIGH_BYTES.findall(content)
    if sum(len(run) == 1 for run in runs) > len(runs) / 2:
        return "cp1252"  # single letters with accents, and not words of such bytes
    for encoding, (first, last) in SCRIPTS.items():
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        letters = [one for one in text if one > "\u024f" and one.isalpha()]
        own = sum(first <= one <= last for one in letters)
        least = 0.3 if encoding == "cp932" else 0.8  # kana stand among Chinese letters
        if letters and own >= least * len(letters):
            return encoding
    return "cp1252"


def _codec(encoding: str | None) -> str:
    if encoding is None or encoding.lower() in ("utf-8", "utf8"):
        return "utf-8-sig"
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise TableError(
            f"There is no encoding {encoding!r}. Give one such as cp949, cp1252 or "
            "utf-16."
        ) from None


def _delimiter(text: str, name: str) -> str:
    found = []
    for delimiter in DELIMITERS:
        lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True
        )
        if len(next(filter(None, lines), ())) > 1:
            found.append(delimiter)
    if len(found) > 1 and "," not in found:
        listing = " and ".join(map(repr, found))
        raise TableError(
            f"{name}: the first line holds {listing}, so what separates its columns "
            "can't be told. Separate them by commas."
        )
    return found[0] if found and "," not in found else ","


def _checked(name: str, lines: Any) -> Table:
    header: list[str] = next(filter(None, lines), [])
    names, numbered = unique_names(name, header), list(_numbered(lines))
    for number, row in numbered:
        if len(row) != len(names):
            values = "1 value" if len(row) == 1 else f"{len(row)} values"
            under = "1 name" if len(names) == 1 else f"{len(names)} names"
            fault = f"{name}, line {number}: {values} under {under}."
            raise TableError(fault + _hint([one for _, one in numbered], row, names))
    kept = [number for number, one in enumerate(names) if one]
    first = None if names[0] else [row[0] for _, row in numbered]
    return Table(
        name,
        [names[number] for number in kept],
        [tuple(row[number] for number in kept) for _, row in numbered],
        [f"line {number}" for number, _ in numbered],
        first if first and holds_dates(first) else None,
    )


def _numbered(lines: Any) -> Iterator[tuple[int, list[str]]]:
    for row in lines:
        if row:
            yield lines.line_num, row


def _hint(
    rows: Sequence[Sequence[str]], row: Sequence[str], names: Sequence[str]
) -> str:
    """Return what is probably wrong with a row of a file, from that and all others."""
    widths = {len(one) for one in rows}
    if len(names) == 1 and len(rows) > 1 and len(widths) == 1:
        return (
            " The first line seems to be a title, and no names of columns: delete it."
        )
    if len(rows) > 1 and widths == {len(names) + 1} and all(one[-1] for one in rows):
        return (
            " Give the first column a name if it has none, or put quotes around a "
            "value that holds a comma."
        )
    beyond = row[len(names) :]
    if not beyond:
        return ""
    if not any(beyond):
        return " Take the separator at the end of the line away."
    return " Put quotes around a value that holds a comma."
