"""Annotation files, read with bounds."""

from __future__ import annotations

from pathlib import Path

from zoo.errors import DataError

__all__ = ["SHOWN", "listed", "read_bytes", "read_text"]

SHOWN = 3  # files that a note names


def read_bytes(path: Path, name: str, most: int) -> bytes:
    """Return the content of a file of at most `most` bytes. Raises DataError."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as exc:
        raise DataError(f"{name} can't be read ({exc.strerror}).") from exc
    if len(content) > most:
        raise DataError(
            f"{name} has more than {most >> 20:,} MiB, which is too large for an "
            "annotation."
        )
    return content


def read_text(path: Path, name: str, most: int) -> str:
    """Return the text of a file in UTF-8. Raises DataError."""
    try:
        return read_bytes(path, name, most).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DataError(f"{name} is not text in UTF-8.") from exc


def listed(names: list[str]) -> str:
    """Return some names for a note, in brackets."""
    return f"({', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''})"
