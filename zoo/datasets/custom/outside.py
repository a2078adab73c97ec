"""Refuse the files outside of a folder of data that the folder itself leads to.

A table from somebody else names files of its author's choosing: one that asks for an
address on the network, or for a file elsewhere on this machine, is not followed. Nor is
a link in a folder from somebody else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo._utils import paths
from zoo.errors import DataError
from zoo.runtime.table import Table

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "check_found",
    "check_links",
    "check_plain",
    "checked_place",
    "stored_pictures",
    "undecoded",
]

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(//|:)|[\\/]{2}")
ALLOW = "If that is meant, give allow_outside=True (--allow-outside)."


def checked_place(
    value: str, where: str, home: Path | None, *, allow_outside: bool = False
) -> Path:
    """Return the path of a file that a row names, relative to `home`.

    Without a home, as in a DataFrame, paths are relative to the working folder, and may
    lead anywhere on this machine. Raises DataError for an address, and for a path that
    leads out of its home, unless `allow_outside`.
    """
    if not allow_outside:
        if ADDRESS.match(value):
            raise DataError(
                f"{where} names {value!r}, an address. A table's pictures are files "
                f"beside it: download them first. {ALLOW}"
            )
        if home is not None and (
            paths.leads_out(value) or not _is_within(home / value, _root(home))
        ):
            raise DataError(
                f"{where} names {value!r}, which is not in {home}, the folder of the "
                f"table. {ALLOW}"
            )
    return (home or Path()) / value


def check_links(folder: Path, *, allow_outside: bool = False) -> None:
    """Refuse a folder of data with a link that leads out of it, unless `allow_outside`.

    Hidden files are no data, and are not looked at. Raises DataError.
    """
    top, root = os.path.realpath(folder), _root(folder)
    waiting, seen = [] if allow_outside else [top], set[str]()
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        for entry in _entries(place):
            if not entry.is_symlink():
                waiting += [entry.path] if entry.is_dir() else []
                continue
            real = os.path.realpath(entry.path)
            if os.path.exists(real) and not _is_within(Path(real), root):
                raise _led_out(folder / os.path.relpath(entry.path, top), folder)
            waiting += [real] if os.path.isdir(real) else []


def check_found(files: Iterable[str], folder: Path, *, allow_outside: bool) -> None:
    """Refuse files that a pattern found in a folder, where links lead out of it.

    Raises DataError.
    """
    root = _root(folder)
    for file in () if allow_outside else files:
        if not _is_within(Path(file), root):
            raise _led_out(Path(file), folder)


def _led_out(link: Path, folder: Path) -> DataError:
    return DataError(
        f"{link} is a link to {os.path.realpath(link)}, which is not in {folder}. "
        f"{ALLOW}"
    )


def _entries(place: str) -> list[os.DirEntry[str]]:
    """Return what is in a folder, in order, but for what is hidden or not readable."""
    try:
        with os.scandir(place) as entries:
            shown = [one for one in entries if not paths.is_hidden(one.name)]
    except PermissionError:
        return []
    return sorted(shown, key=lambda one: one.name)


def _root(folder: Path) -> Path:
    """Return the real folder that a folder's links may lead into: itself, and in the
    cache of the Hub, where files are links, all of its repository."""
    real, hub = (Path(os.path.realpath(p)) for p in (folder, paths.hub_cache_dir()))
    if real.is_relative_to(hub) and real != hub:
        return hub / real.relative_to(hub).parts[0]
    return real


def _is_within(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(root)


def stored_pictures(
    rows: Dataset, name: str, source: str, home: Path | None, *, allow_outside: bool
) -> list[Any] | None:
    """Return the bytes or paths of a column of pictures where some are only named.

    None where every picture is in the table itself. `home` is the folder of the table.
    Raises DataError.
    """
    named = list(_named(rows, name))
    if not named:
        return None
    if home is None:
        for value in named:
            cached = any(value.startswith(str(place)) for place in _caches())
            checked_place(value, source, None, allow_outside=allow_outside or cached)
        return None
    from datasets import Image

    stored = rows.cast_column(name, Image(decode=False))[name]
    return [
        one
        if one is None
        else one["bytes"]
        if one["bytes"] is not None
        else checked_place(
            str(one["path"]),
            f"{source}, row {number}",
            home,
            allow_outside=allow_outside,
        )
        for number, one in enumerate(stored, 1)
    ]


def check_plain(rows: Table | Dataset, names: Iterable[str], source: str) -> None:
    """Refuse columns of pictures or sounds where numbers, words or boxes are read.

    To read one would open what its rows name: any file, and any address. Raises
    DataError.
    """
    for name in names:
        if not isinstance(rows, Table) and _opened(rows.features[name]):
            raise DataError(
                f"{source}: the column {name!r} holds pictures, sounds or the like, "
                "which are no values of a table. Name another column."
            )


def undecoded(rows: Table | Dataset, name: str) -> Table | Dataset:
    """Return rows of which the column `name` is read without opening its pictures, and
    no other column of pictures is left."""
    if isinstance(rows, Table):
        return rows
    found = [one for one in rows.column_names if _opened(rows.features[one])]
    rows = rows.remove_columns([one for one in found if one != name])
    if name in found and hasattr(rows.features[name], "decode"):
        return rows.cast_column(name, type(rows.features[name])(decode=False))
    return rows


def _opened(feature: Any) -> bool:
    """Return whether reading a value opens a file that it may only name."""
    from datasets.features.features import require_decoding

    return bool(require_decoding(feature))


def _named(rows: Dataset, name: str) -> Iterable[str]:
    """Yield the paths of the pictures whose bytes a dataset does not hold."""
    for chunk in rows.data.column(name).chunks:
        missing = chunk.field("bytes").is_null()
        if missing.true_count:
            yield from filter(None, chunk.field("path").filter(missing).to_pylist())


def _caches() -> Sequence[Path]:
    return paths.hub_cache_dir(), paths.cache_dir()
