"""Locks that one process holds at a time, and that go with it, however it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_lock", "wait_for_file_lock"]

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
