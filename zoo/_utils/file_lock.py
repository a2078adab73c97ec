"""A lock that one process holds at a time, and that goes with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_lock"]


@contextmanager
def file_lock(path: Path) -> Iterator[int]:
    """Hold a lock on a file that goes with the process, however that ends.

    Yields its descriptor: a process that inherits it holds the lock as well. Raises
    BlockingIOError where another one does. Windows has no such lock.
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
