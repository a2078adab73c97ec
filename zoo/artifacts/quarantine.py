"""Set a file aside that is not what it should be, and fetch it once more."""

import hashlib
import os
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TypeVar

from zoo._utils import paths as folders
from zoo._utils.file_lock import wait_for_file_lock
from zoo.artifacts.checked_file import sha256_of
from zoo.errors import IntegrityError, OfflineError, UnreachableError

__all__ = ["check_etag", "fetch_verified", "quarantine", "quarantined_files"]

T = TypeVar("T")
CORRUPT_SUFFIX = ".corrupt-"  # in the name of a file that was set aside
CORRUPT = re.compile(r"\.corrupt-[0-9]{19}$")  # with nanoseconds: no user's own name
ETAG_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def fetch_verified(fetch: Callable[[], Path], judge: Callable[[Path], T]) -> T:
    """Return what `judge` makes of a file; fetch it once more if it is refused.

    `judge` raises IntegrityError. A refused file is renamed, so that neither the client
    nor another process uses it again.
    """
    wrong: IntegrityError | None = None
    for last in (False, True):
        try:
            path = fetch()
        except (OfflineError, UnreachableError) as exc:
            raise wrong or exc from exc  # a wrong file was here: that is the news
        try:
            return judge(path)
        except FileNotFoundError:  # another process has just set it aside
            if last:
                raise
        except IntegrityError as exc:
            quarantine(path, judge)
            if last:
                raise
            wrong = exc
    raise AssertionError("the second try returns or raises")


def quarantine(path: Path, judge: Callable[[Path], object]) -> None:
    """Rename a file that is still wrong; only the newest of such files is kept.

    Where `path` is a link to a file that is not the zoo's or the client's, only the
    link is removed.
    """
    real = Path(os.path.realpath(path))
    with _quarantine_lock(path), suppress(OSError):  # a read-only cache stays as it is
        try:
            judge(path)  # another process may have healed it
        except IntegrityError:
            if not _is_ours(real):
                if path.is_symlink():
                    path.unlink()
                return
            os.replace(
                real, real.with_name(f"{real.name}{CORRUPT_SUFFIX}{time.time_ns()}")
            )
        siblings = (p for p in real.parent.iterdir() if CORRUPT.search(p.name))
        corrupt = sorted(p for p in siblings if CORRUPT.sub("", p.name) == real.name)
        for old in corrupt[:-1]:
            with suppress(OSError):
                old.unlink()


def quarantined_files() -> list[Path]:
    """Return the quarantined files in the client's cache and in the stores."""
    places = [(folders.hub_cache_dir(), "models--*/**/*")]
    places += [
        (store, pattern)
        for store in folders.store_dirs()
        for pattern in ("sha256/*", "repositories/*/*/*/*")
    ]
    matches = (place.glob(pattern) for place, pattern in places)
    return sorted(
        path for paths in matches for path in paths if CORRUPT.search(path.name)
    )


def check_etag(path: Path, blame: str) -> None:
    """Refuse a file of the client's cache whose content does not match its ETag.

    The client names a file by its ETag, which most hubs compute as a hash. It is weaker
    than a pin, because it comes from the same source, but it shows a damaged file.
    """
    real = Path(os.path.realpath(path))
    content = real.read_bytes() if len(real.name) == 40 else b""
    if len(real.name) == 64:
        possible = {sha256_of(real)}
    else:
        git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
        plain = hashlib.sha1(content, usedforsecurity=False)
        possible = {git.hexdigest(), plain.hexdigest()}
    if ETAG_HASH.fullmatch(real.name) and real.name not in possible:
        raise IntegrityError(str(path), "is not what the Hub announced", blame)


def _is_ours(real: Path) -> bool:
    """Return whether a file lies where the zoo or the client of the Hub put it."""
    hub = Path(os.path.realpath(folders.hub_cache_dir()))
    if real.is_relative_to(hub) and len(real.relative_to(hub).parts) > 1:
        return real.relative_to(hub).parts[0].startswith(("models--", "blobs"))
    for store in folders.store_dirs():
        home = Path(os.path.realpath(store))
        if real.is_relative_to(home):
            part, *below = real.relative_to(home).parts
            return (part, len(below)) in (("sha256", 1), ("repositories", 4))
    return False


def _quarantine_lock(path: Path) -> AbstractContextManager[None]:
    """Keep other processes from setting the same file aside meanwhile."""
    key = hashlib.sha256(str(path).encode()).hexdigest()[:32]
    return wait_for_file_lock(folders.cache_dir() / "locks" / f"{key}.lock")
