"""Refuse the files that a table names outside of its own folder.

A table from somebody else names files of its author's choosing: one that asks for an
address on the network, or for a file elsewhere on this machine, is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo._utils import paths
from zoo.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["checked_place", "stored_pictures"]

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
        if home is not None and paths.leads_out(value):
            raise DataError(
                f"{where} names {value!r}, which is not in {home}, the folder of the "
                f"table. {ALLOW}"
            )
    return (home or Path()) / value


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


def _named(rows: Dataset, name: str) -> Iterable[str]:
    """Yield the paths of the pictures whose bytes a dataset does not hold."""
    for chunk in rows.data.column(name).chunks:
        missing = chunk.field("bytes").is_null()
        if missing.true_count:
            yield from filter(None, chunk.field("path").filter(missing).to_pylist())


def _caches() -> Sequence[Path]:
    return paths.hub_cache_dir(), paths.cache_dir()
