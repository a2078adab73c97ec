"""Locks that one process holds at a time, and that go with it, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_lock", "folder_lock", "try_folder_lock", "wait_for_file_lock"]

NO_TIMEOUT = -1.0  # wait for as long as another process holds the lock


@contextmanager
def file_lock(path: Path) -> Iterator[int]:
    """Hold a lock on a file, or refuse at once where another process holds it.

    Yields its descriptor: a process that inherits it holds the lock as well. Raises
    BlockingIOError. Windows has no such lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            import fcntl
        except ImportError:  # pragma: no cover
            pass
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield file.fileno()


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
    nothing behind. Where a folder can't be locked (Windows, some network file systems),
    nothing is.
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
        import fcntl
    except ImportError:  # pragma: no cover
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
