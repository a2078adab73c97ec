"""Locks that one process holds at a time, and that go with it, however it ends."""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_lock", "folder_lock", "try_folder_lock", "wait_for_file_lock"]

POLL = 0.05  # seconds between two attempts on Windows, which has no waiting lock
NO_TIMEOUT = -1.0  # wait for as long as another process holds the lock


@contextmanager
def file_lock(path: Path) -> Iterator[int]:
    """Hold a lock on a file, or refuse at once where another process holds it.

    Yields its descriptor: a process that inherits it holds the lock as well, but on
    Windows. A link is not followed: it may lead to what is not ours. Raises
    BlockingIOError, and OSError for a link and a pipe.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab", opener=_open_own) as file:
        _lock(file.fileno(), wait=False)
        yield file.fileno()


def _open_own(path: str, flags: int) -> int:
    own = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | own, 0o666)


@contextmanager
def wait_for_file_lock(path: Path, *, timeout: float = NO_TIMEOUT) -> Iterator[None]:
    """Hold a lock on a file after waiting for whoever holds it, at most `timeout` s.

    Where the file can't be written, nothing is locked: nobody writes there either.
    Raises TimeoutError.
    """
    from filelock import FileLock, Timeout  # slow to import: only when needed

    lock = FileLock(path, timeout=timeout)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as exc:
        raise TimeoutError(f"{path} is locked by another process.") from exc
    except OSError:
        pass
    try:
        yield
    finally:
        lock.release()


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder that exists, after waiting for whoever holds it.

    It keeps apart those who read a file in it and write that file anew. It leaves
    nothing behind, but on Windows, where a file in the folder for temporary files
    stands for the folder. Where it can't be locked (some network file systems), nothing
    is.
    """
    held = _locked(folder, wait=True)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def try_folder_lock(folder: Path) -> int | None:
    """Return a descriptor that holds the lock of a folder until it is closed.

    None where another holds it, or where a folder can't be locked.
    """
    return _locked(folder, wait=False)


def _locked(folder: Path, *, wait: bool) -> int | None:
    try:
        descriptor = _open(folder)
    except OSError:
        return None
    try:
        _lock(descriptor, wait=wait)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _open(folder: Path) -> int:
    """Return a descriptor of a folder, or of the file that stands for it on Windows."""
    if sys.platform != "win32":
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    name = hashlib.sha256(os.path.realpath(folder).encode()).hexdigest()
    home = Path(tempfile.gettempdir()) / "zoo-locks"
    home.mkdir(exist_ok=True)
    return os.open(home / name, os.O_RDWR | os.O_CREAT)


def _lock(descriptor: int, *, wait: bool) -> None:
    """Lock an open file; closing it ends that. Raises BlockingIOError, OSError."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return
    import msvcrt

    while True:
        os.lseek(descriptor, 0, os.SEEK_SET)  # the first byte is what is locked
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as exc:
            if not wait:
                raise BlockingIOError(exc.errno, os.strerror(exc.errno or 0)) from exc
            time.sleep(POLL)
        else:
            return
