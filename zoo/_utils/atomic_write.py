"""Atomic writes of files: how the zoo writes whatever may be there already.

A link is followed and stays a link. Neither a pipe nor a device is replaced by a file:
it is written to. Several processes may write one file; the last one wins. What a killed
process has left is swept by the next that writes beside it.
"""

import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

__all__ = [
    "PARTIAL",
    "atomic_file",
    "check_replaceable_file",
    "replace_file",
    "write_atomic",
]

PARTIAL = re.compile(r"\.zoo-part-[0-9a-f]{16}")  # names of files not yet in place
# Why no file can be made or renamed beside one that can itself be written to: its
# folder belongs to another, or the file is a mount point.
IN_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file atomically: a reader sees the old or the new content."""
    with atomic_file(path) as file:
        file.write(content)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that becomes `path` at the end of the block, unless that fails.

    Where no file can be made beside it, the file itself is written, not atomically.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb") as whole:
            yield whole
        return
    _sweep(target.parent)
    try:
        partial, file, held = _begun(target)
    except OSError as exc:
        if mode is None or exc.errno not in IN_PLACE:
            raise
        with target.open("r+b") as there:
            yield there
            there.truncate()
        return
    try:
        with file:
            if mode is not None and hasattr(os, "fchmod"):
                with suppress(OSError):  # a file system without modes
                    os.fchmod(file.fileno(), stat.S_IMODE(mode))
            yield file
        replace_file(partial, target)  # closed: Windows renames no open file
    finally:
        with suppress(OSError):  # it was renamed
            partial.unlink()
        if held is not None:
            os.close(held)


def _begun(target: Path) -> tuple[Path, BinaryIO, int | None]:
    """Return a new file beside another, open, and the descriptor that keeps it locked.

    What nobody locks is of a process that has died.
    """
    while True:
        partial = target.with_name(f".zoo-part-{token_hex(8)}")
        file = open(partial, "x+b")  # noqa: SIM115 - closed before it is renamed
        if sys.platform != "win32":
            with suppress(OSError):  # a file system without locks
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink == 0:  # swept before it was locked
                file.close()
                continue
            return partial, file, os.dup(file.fileno())
        return partial, file, None


def _sweep(folder: Path) -> None:
    """Delete partial files in a folder whose processes have died: nobody locks them."""
    if sys.platform == "win32":
        return  # `zoo cache prune` deletes old ones
    with suppress(OSError), os.scandir(folder) as every:
        for name in [one.name for one in every if PARTIAL.fullmatch(one.name)]:
            with suppress(OSError), open(folder / name, "rb") as file:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(folder / name)


def check_replaceable_file(path: Path) -> None:
    """Refuse a path that holds neither a file nor nothing, for files that are read too.

    Raises OSError.
    """
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no file, but a pipe or a device"
        raise OSError(errno.EINVAL, f"it is {kind}", str(path))


def replace_file(new: Path, target: Path) -> None:
    """Put a file in the place of another at one stroke, or where that can't be, write
    its content into the other.

    Windows replaces no file that a process has open or mapped, as a loaded model has
    its weights; it renames one, so the old file goes aside first. It is deleted once it
    is free. Raises OSError.
    """
    try:
        os.replace(new, target)
    except OSError as exc:
        if exc.errno not in IN_PLACE or not target.exists():
            raise
        if sys.platform == "win32":
            _move_aside(target)
            os.replace(new, target)
            return
        with new.open("rb") as source, target.open("r+b") as place:
            shutil.copyfileobj(source, place)  # a mount point can't be renamed over
            place.truncate()


def _move_aside(target: Path) -> None:
    """Rename a file that is in use to the name of a partial one, which is swept."""
    aside = target.with_name(f".zoo-part-{token_hex(8)}")
    os.rename(target, aside)
    with suppress(OSError):  # still mapped
        aside.unlink()


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None
