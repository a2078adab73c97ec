"""What holds inputs: folders, patterns, archives, datasets, tables, iterators."""

import glob
import io
import itertools
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from zoo._utils.paths import is_hidden
from zoo.datasets.custom import outside, tables
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.errors import DataError, DataWarning, InputError, near
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.table import Table, TableError, read_text
from zoo.runtime.user_warnings import warn_user
from zoo.specs import Input
from zoo.tasks.targets.files import (
    Files,
    input_files,
    is_picture,
    left_out_notes,
    no_files,
)

__all__ = ["ReadInputs", "Source", "find_source", "source_of", "stored_value"]

TARS = (".tar", ".tar.gz", ".tgz")
MAX_MEMBER_BYTES = 1 << 29  # of a file in an archive, which is read whole
MAX_HEADER_BYTES = 1 << 20  # of a long name in one, and what else is said of a file
DESCRIBING = (  # a file that follows
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
Named = tuple[str, Any]  # the name of an input, for messages and answers, and itself


@dataclass(frozen=True, kw_only=True)
class ReadInputs:
    """How tables are read; see `zoo.datasets.custom.table_inputs.read_inputs`."""

    column: str | None = None
    encoding: str | None = None
    allow_outside: bool = False


@dataclass(frozen=True)
class Source:
    """Raw inputs by name, in an order that is the same each time; None of `count` where
    only the end will tell."""

    items: Callable[[], Iterator[Named]]
    count: int | None

    def __iter__(self) -> Iterator[Named]:
        return self.items()


def find_source(raw: Any, input_spec: Input, how: ReadInputs) -> Source | None:
    """Return the inputs that a folder, a pattern such as photos/*.jpg, a tar, a dataset
    or an iterator holds; None of anything else.

    To a model of texts a str is a text, and only a `pathlib.Path` names a place. Raises
    InputError where a place holds no input for the model.
    """
    if isinstance(raw, (str, os.PathLike)):
        if input_spec.takes_strings and isinstance(raw, str):
            return None
        return _place(os.fspath(raw), input_spec, how)
    if hasattr(raw, "column_names") and not tables.is_frame(raw):
        return None if isinstance(raw, Table) else _dataset(raw, input_spec, how)
    if isinstance(raw, Iterator):
        return Source(lambda: _numbered(raw), None)
    return None


def source_of(raw: Any, input_spec: Input, how: ReadInputs) -> Source:
    """Return the inputs in whatever `zoo.predict` takes: one, several, or a source.

    Raises InputError.
    """
    found = find_source(raw, input_spec, how)
    if found is not None:
        return found
    name = str(raw) if isinstance(raw, (str, os.PathLike)) else "input"
    held = read_inputs(
        raw,
        input_spec,
        column=how.column,
        encoding=how.encoding,
        allow_outside=how.allow_outside,
        allow_missing=True,
    )
    if isinstance(held, Table) and input_spec.window is None:
        places = [f"{held.source}, {place}".lstrip(", ") for place in held.places]
        return Source(
            lambda: ((place, held[row]) for row, place in enumerate(places)), len(held)
        )
    if tables.is_table(raw) and isinstance(held, list):
        rows = [f"{name}, row {number}" for number in range(1, len(held) + 1)]
        return Source(lambda: iter(zip(rows, held, strict=True)), len(held))
    if input_spec.window is not None:
        return Source(lambda: iter([(name, held)]), 1)
    items, single = preprocessor(input_spec).split_items(held, input_spec)
    if single:
        return Source(lambda: iter([(name, held)]), 1)
    return Source(lambda: _numbered(items), len(items))


def _numbered(items: Iterable[Any]) -> Iterator[Named]:
    for number, item in enumerate(items, start=1):
        named = isinstance(item, (str, os.PathLike)) and len(os.fspath(item)) < 256
        yield (os.fspath(item) if named else f"input {number}"), item


# Folders, patterns, archives


def _place(path: str, input_spec: Input, how: ReadInputs) -> Source | None:
    several = os.path.isdir(path) or path.lower().endswith(TARS)
    if several or (glob.has_magic(path) and not os.path.isfile(path)):
        _check_used(how, path, input_spec)
    if os.path.isdir(path):
        with _inputs_alone(input_spec):
            outside.check_links(Path(path), allow_outside=how.allow_outside)
        return _files(path, _in_folder(path, input_spec), input_spec, how.encoding)
    if os.path.isfile(path):
        if not path.lower().endswith(TARS):
            return None
        return Source(lambda: _members(path, input_spec, how.encoding), None)
    if not glob.has_magic(path):
        return None
    found = sorted(glob.glob(path, recursive=True))
    plain = itertools.takewhile(lambda part: not glob.has_magic(part), Path(path).parts)
    with _inputs_alone(input_spec):
        place = Path(*plain)
        outside.check_found(found, place, allow_outside=how.allow_outside)
    if found and all(one.lower().endswith(TARS) for one in found):
        return Source(
            lambda: (
                named
                for one in found
                for named in _members(one, input_spec, how.encoding)
            ),
            None,
        )
    files = [one for one in found if os.path.isfile(one)]
    return _files(path, files, input_spec, how.encoding)


def _check_used(how: ReadInputs, place: str, input_spec: Input) -> None:
    """Refuse what says how a table or a text is read where there is none."""
    if how.column is not None:
        problem = f"column={how.column!r} names a column, and {place} is no table."
        raise InputError(problem, input_spec.description)
    of_tables = input_spec.takes_strings or bool(input_spec.required_columns)
    if how.encoding is not None and not of_tables:
        problem = f"encoding={how.encoding!r} is that of texts, and {place} holds none."
        raise InputError(problem, input_spec.description)


@contextmanager
def _inputs_alone(input_spec: Input) -> Iterator[None]:
    """Say of data that is refused what the input should be."""
    try:
        yield
    except DataError as exc:
        raise InputError(str(exc), input_spec.description) from exc


def _in_folder(folder: str, input_spec: Input) -> list[str]:
    if input_spec.suffixes:
        place = Path(folder)
        found = input_files(place, input_spec)
        if not found.taken:
            problem = no_files(place, found, input_spec)
            raise InputError(problem, input_spec.description)
        for note in left_out_notes(place, found, input_spec):
            warn_user(note, DataWarning)
        return [str(path) for path in found.taken]
    if input_spec.window is None:
        problem = f"{folder} is a folder, and a table is a file."
        raise InputError(problem, input_spec.description)
    series = sorted(map(str, Path(folder).rglob("*")))
    return [one for one in series if tables.is_table_path(one)]


def _files(
    place: str, files: list[str], input_spec: Input, encoding: str | None
) -> Source:
    if not files:
        problem = f"{place} holds no {input_spec.plural}."
        raise InputError(problem, input_spec.description)

    def given(file: str) -> Any:
        if not input_spec.takes_strings:
            return file
        if encoding is None:
            return Path(file)
        return _decoded(Path(file), file, input_spec, encoding)

    return Source(lambda: ((one, given(one)) for one in files), len(files))


def _decoded(
    raw: Path | bytes, name: str, input_spec: Input, encoding: str
) -> str | InputError:
    """Return a text in an encoding that the user names, or what is wrong with it."""
    try:
        return read_text(raw, name, encoding)
    except TableError as exc:
        return InputError(str(exc), input_spec.description)


class _Header(tarfile.TarInfo):
    """A header of an archive, which the library would read whole at any length."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in DESCRIBING and self.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(
                f"a header has {self.size:,} bytes, and {MAX_HEADER_BYTES:,} are read "
                "at most"
            )
        read: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return read


def _members(path: str, input_spec: Input, encoding: str | None) -> Iterator[Named]:
    """Yield the files of an archive as they lie in it, as WebDataset does.

    What is no input is left out, and said at the end, but for what belongs to an input
    by its name up to the first dot, as the class of a picture does.
    """
    taken: set[str] = set()
    left: list[Path] = []
    try:
        with tarfile.open(path, "r|*", tarinfo=_Header) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                if not member.isfile() or any(map(is_hidden, name.parts)):
                    continue
                usual = name.suffix.lower() in input_spec.suffixes
                looked_at = usual or input_spec.pictured
                given = (
                    _member(archive, member, input_spec, encoding)
                    if looked_at
                    else None
                )
                if not usual and not _is_picture(given):
                    left.append(Path(path, name))
                    continue
                taken.add(name.name.partition(".")[0])
                yield f"{path}/{member.name}", given
    except (tarfile.TarError, EOFError, OSError) as exc:
        problem = f"{path} can't be read as a tar ({type(exc).__name__}: {exc})."
        raise InputError(problem, input_spec.description) from exc
    if not taken:
        problem = f"{path} holds no {input_spec.plural}."
        raise InputError(problem, input_spec.description)
    alone = [one for one in left if one.name.partition(".")[0] not in taken]
    for note in left_out_notes(Path(path), Files([], alone), input_spec):
        warn_user(note, DataWarning)


def _is_picture(given: Any) -> bool:
    return isinstance(given, bytes) and is_picture(io.BytesIO(given))


def _member(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    spec: Input,
    encoding: str | None,
) -> Any:
    if member.size > MAX_MEMBER_BYTES:
        return InputError(
            f"{member.name} has {member.size:,} bytes, and {MAX_MEMBER_BYTES:,} are "
            "read at most.",
            spec.description,
        )
    file = archive.extractfile(member)
    content = file.read() if file is not None else b""
    if not spec.takes_strings:
        return content
    if encoding is not None:
        return _decoded(content, member.name, spec, encoding)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        problem = f"{member.name} is not UTF-8 text (byte {exc.start:,})."
        return InputError(problem, spec.description)


# Datasets


def _dataset(rows: Any, input_spec: Input, how: ReadInputs) -> Source:
    """Return the rows of a `datasets.Dataset` or `IterableDataset`; pictures are not
    decoded here."""
    if isinstance(rows, Mapping):
        listing = ", ".join(map(repr, rows))
        problem = f"A dataset of several splits ({listing}): give one of them."
        raise InputError(problem, input_spec.description)
    names = rows.column_names
    features = getattr(rows, "features", None)
    if names is None:  # an iterable that nobody has looked into
        names = list(next(iter(rows), {}))
    try:
        if input_spec.required_columns:
            chosen = list(input_spec.required_columns)
            if input_spec.window is not None:
                raise DataError("A dataset is a list of inputs, and a series is one.")
            for name in chosen:
                tables.find_column("The dataset", names, [name], "model's")
            column = None
        else:
            column = _column(rows, names, features, input_spec, how.column)
            chosen = [column]
    except DataError as exc:
        raise InputError(str(exc), input_spec.description) from exc
    if features is not None:
        rows = rows.select_columns(chosen)
        if column is not None and type(features[column]).__name__ == "Image":
            from datasets import Image

            rows = rows.cast_column(column, Image(decode=False))
    count = rows.num_rows if hasattr(rows, "num_rows") else None

    def items() -> Iterator[Named]:
        for number, row in enumerate(rows, start=1):
            yield f"row {number}", row if column is None else stored_value(row[column])

    return Source(items, count)


def _column(
    rows: Any, names: list[str], features: Any, input_spec: Input, column: str | None
) -> str:
    if hasattr(rows, "num_rows"):
        return tables.input_column("The dataset", rows, input_spec, column)
    wanted = [column] if column is not None else list(input_spec.column_names)
    found = next((name for name in wanted if name in names), None)
    if found is None:
        hint = near(wanted[0], names) if column is not None else ""
        raise DataError(
            f"The dataset has no {input_spec.noun} column "
            f"{' or '.join(map(repr, wanted[:4]))}. {hint}It has {', '.join(names)}; "
            "name it with column=... (--column)."
        )
    return found


def stored_value(value: Any) -> Any:
    """Return the bytes or the path of a picture that is not decoded."""
    if isinstance(value, Mapping) and {*value} == {"bytes", "path"}:
        return value["bytes"] or value["path"]
    return value
