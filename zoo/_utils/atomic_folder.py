"""Replace a folder as a whole: prepared aside, put in place at one stroke.

A reader sees the old or the new folder, and no process has to tidy up after one that
was killed: its scratch folder is swept by the next that writes beside it. Links are
followed and stay links. Several processes may write one folder; the last one wins.
"""

import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import Any

from zoo._utils.atomic_write import atomic_file, replace_file
from zoo._utils.file_lock import folder_lock, try_folder_lock

__all__ = ["abandoned_folders", "put_folder", "scratch_folder"]

SCRATCH = re.compile(r"\.zoo-save-[0-9a-f]{16}")  # the names of our own folders
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of Linux
# Why a folder can't be renamed though its files can: a mount point, a parent of
# another's, a system or a file system that exchanges no folders.
BY_FILE = (
    *(errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENOSYS, errno.EINVAL, errno.ENOTSUP),
)


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Yield a new empty folder on the file system of `folder`; remove it at the end.

    It lies beside `folder`, or in it where the parent can't be written to. Raises
    OSError where neither can.
    """
    target = Path(os.path.realpath(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    places = [target.parent, target] if target.is_dir() else [target.parent]
    if os.path.ismount(target):
        places.reverse()
    try:
        scratch, held = _make(places[0])
    except OSError:
        if len(places) == 1:
            raise
        scratch, held = _make(places[1])
    try:
        yield scratch
    finally:
        if held is not None:
            os.close(held)
        shutil.rmtree(scratch, ignore_errors=True)


def abandoned_folders(place: Path) -> list[Path]:
    """Return the scratch folders in `place` whose processes have died."""
    found: list[Path] = []
    for path in sorted(place.glob(".zoo-save-*")):
        if SCRATCH.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            held = try_folder_lock(path)
            if held is not None:
                os.close(held)
                found.append(path)
    return found


def put_folder(
    new: Path, folder: Path, *, keep: Callable[[Path], bool], last: str
) -> None:
    """Put `new`, a scratch folder, in the place of `folder`.

    What `keep` accepts of the old folder's entries is kept, unless `new` has that name.
    Where a folder can't be moved, its files are replaced one by one, the file `last` at
    the end: as long as that one is old, the others must not be trusted.
    """
    target = Path(os.path.realpath(folder))
    with folder_lock(target.parent):
        if not target.exists():
            os.rename(new, target)
            return
        movable = new.parent != target and not _is_working_directory(target)
        if movable and not any(map(_is_special, target.iterdir())):
            names = {path.name for path in new.iterdir()}
            kept = [p for p in target.iterdir() if _stays(p, names, keep)]
            with suppress(OSError):  # a file system without modes
                shutil.copymode(target, new)
            for path in kept:
                _link(path, new / path.name)
            if _exchange(new, target):
                return  # `new` is the old folder now
            for path in kept:
                _remove(new / path.name)
        _replace_files(new, target, keep, last)


def _stays(path: Path, names: set[str], keep: Callable[[Path], bool]) -> bool:
    return path.name not in names and not SCRATCH.fullmatch(path.name) and keep(path)


def _replace_files(
    new: Path, target: Path, keep: Callable[[Path], bool], last: str
) -> None:
    names = {path.name for path in new.iterdir()}
    for path in list(target.iterdir()):
        ours = SCRATCH.fullmatch(path.name)
        if not ours and path.name not in names and not keep(path):
            _remove(path)
    for name in sorted(names, key=lambda name: (name == last, name)):
        try:
            if sys.platform == "win32":
                replace_file(new / name, target / name)
            else:
                os.replace(new / name, target / name)
        except OSError as exc:
            if exc.errno != errno.EXDEV:
                raise
            with (new / name).open("rb") as source, atomic_file(target / name) as copy:
                shutil.copyfileobj(source, copy)  # into a mounted folder


def _make(place: Path) -> tuple[Path, int | None]:
    """Return a new scratch folder, and the descriptor that holds its lock.

    What nobody holds is of a process that has died.
    """
    scratch = place / f".zoo-save-{token_hex(8)}"
    with folder_lock(place):
        _sweep(place)
        scratch.mkdir()
        return scratch, try_folder_lock(scratch)


def _sweep(place: Path) -> None:
    for path in abandoned_folders(place):
        shutil.rmtree(path, ignore_errors=True)


def _exchange(new: Path, target: Path) -> bool:
    """Let two folders change places at one stroke; return whether they did."""
    swap = _swap()
    if swap is None:
        return False
    code = swap(os.fsencode(new), os.fsencode(target))
    if code not in (0, *BY_FILE):
        raise OSError(code, os.strerror(code), str(target))
    return bool(code == 0)


@cache
def _swap() -> Callable[[bytes, bytes], int] | None:
    """Return the system's exchange of two names, which returns an error number."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    try:
        rename: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None

    def swap(one: bytes, other: bytes) -> int:
        flags = ctypes.c_uint(RENAME_EXCHANGE)
        failed = rename(AT_FDCWD, one, AT_FDCWD, other, flags)
        return ctypes.get_errno() if failed else 0

    return swap


def _link(source: Path, target: Path) -> None:
    """Give a file or a folder a second place, without a copy where that can be."""
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=_link_file)
    else:
        _link_file(str(source), str(target))


def _link_file(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)


def _is_special(path: Path) -> bool:
    """Return whether a path is what can't be copied: a pipe, a socket, a mount."""
    if path.is_symlink():
        return False
    return os.path.ismount(path) or not (path.is_file() or path.is_dir())


def _is_working_directory(folder: Path) -> bool:
    """Return whether this process works in the folder: it would lose its place."""
    try:
        return Path.cwd().is_relative_to(folder)
    except OSError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
