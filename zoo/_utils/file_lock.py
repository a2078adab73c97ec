"""A file lock that ends with its process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_lock"]


@contextmanager
def file_lock(path: Path) -> Iterator[int]:
    """Hold a lock on a file until the block or the process ends.

    Yields the file descriptor: a process that inherits it holds the lock as well.
    Raises BlockingIOError if another process holds it. Has no effect on Windows.
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
