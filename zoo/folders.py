"""Where things lie on this machine: the caches, and the folders that a user names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["cache", "data", "locked", "replace_file"]


def cache() -> Path:
    """Return the zoo's own cache: `ZOO_CACHE`, or the user's cache folder."""
    named = os.environ.get("ZOO_CACHE")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "zoo"


def data() -> list[Path]:
    """Return the folders of `ZOO_DATA`, a path list; each holds datasets by name."""
    named = os.environ.get("ZOO_DATA", "")
    return [Path(part).expanduser() for part in named.split(os.pathsep) if part]


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[int]:
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
