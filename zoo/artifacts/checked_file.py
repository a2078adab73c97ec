"""Open a file once, check it against its pin, and read the bytes that were checked.

A large file that passed gets a stamp, so that it is not hashed at every load.
"""

import hashlib
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from zoo._utils import file_writers
from zoo._utils import paths as folders
from zoo._utils.atomic_write import write_atomic
from zoo.errors import IntegrityError
from zoo.specs import Weights
from zoo.specs.model_spec import SHA256

__all__ = [
    "CheckedFile",
    "Verify",
    "check",
    "open_checked",
    "sha256_of",
    "unused_stamps",
]

Verify = Literal["stamp", "always"]
Identity = tuple[int, ...]
DESCRIPTORS = Path("/proc/self/fd")  # of Linux
O_BINARY: int = getattr(os, "O_BINARY", 0)  # of Windows
FINE_TICK, COARSE_TICK = 20_000_000, 2_000_000_000  # ns between two times of a file
STAMP_MIN_BYTES = (
    1 << 20
)  # hashed at every load: that costs less than looking for a stamp
SHORT_HASH = 12  # digits of a SHA-256 that a message shows


@dataclass
class CheckedFile:
    """A file that was opened once: what was hashed is what is read.

    A small file is held as it was hashed. A large one stays open, to be mapped: its
    path may mean another file by then. Use it in a `with` block.
    """

    path: Path
    size: int
    sha256: str
    hashed: bool  # False where a stamp vouched for the file
    content: bytes | None = None  # of a small file
    _descriptor: int | None = None
    _identity: Identity = ()
    _blame: str = ""

    @property
    def place(self) -> str:
        """The path under which the open file is found, whatever its name means now."""
        if self._descriptor is not None and DESCRIPTORS.is_dir():
            return str(DESCRIPTORS / str(self._descriptor))
        return str(self.path)

    def check_unchanged(self) -> None:
        """Refuse a file that was written to since it was checked, by the file's times.

        Raises IntegrityError.
        """
        if self._descriptor is None:
            return
        if _identity(os.fstat(self._descriptor)) != self._identity:
            problem = "was changed while it was read"
            raise IntegrityError(str(self.path), problem, self._blame)

    def copy_to(self, target: Path) -> None:
        """Write the content that was checked to another path. Raises IntegrityError."""
        if self.content is not None:
            target.write_bytes(self.content)
        else:
            shutil.copyfile(self.place, target)
        self.check_unchanged()

    def __enter__(self) -> "CheckedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what is mapped stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def open_checked(
    path: Path, weights: Weights, *, verify: Verify, blame: str
) -> CheckedFile:
    """Return a file that is the pinned one. Raises IntegrityError.

    A large file that passed gets a stamp, keyed by everything that changes when a file
    is written: device, inode, size, both times. It is not hashed again while these are
    the same and nobody has it open for writing. An unknown size or SHA-256 is not
    checked.
    """
    # A pipe would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | O_BINARY)
    try:
        file = _checked(descriptor, path, weights, verify, blame)
    except BaseException:
        os.close(descriptor)
        raise
    if file.content is not None:
        os.close(descriptor)
    return file


def check(path: Path, weights: Weights, *, verify: Verify, blame: str) -> bool:
    """Refuse a file that is not the pinned one; return whether it was hashed now."""
    with open_checked(path, weights, verify=verify, blame=blame) as file:
        return file.hashed


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unused_stamps() -> list[Path]:
    """Return the stamps of files that were removed or changed."""
    stamps = sorted((folders.cache_dir() / "stamps").glob("*"))
    ours = (stamp for stamp in stamps if SHA256.fullmatch(stamp.name))
    return [stamp for stamp in ours if not _is_current(stamp)]


def _checked(
    descriptor: int, path: Path, weights: Weights, verify: Verify, blame: str
) -> CheckedFile:
    before = os.fstat(descriptor)
    if not S_ISREG(before.st_mode):
        raise IntegrityError(str(path), "is no file", blame)
    size = before.st_size
    if weights.size not in (None, size):
        problem = f"has {size:,} bytes, but {weights.size:,} are pinned"
        raise IntegrityError(str(path), problem, blame)
    if size < STAMP_MIN_BYTES:
        content = _read(descriptor, size)
        sha256 = hashlib.sha256(content).hexdigest()
        _compare(path, sha256, weights, blame)
        return CheckedFile(path, len(content), sha256, True, content)
    identity, stamp = _identity(before), _hash_stamp(before)
    known = weights.sha256
    quiet = known is not None and file_writers.none(descriptor)
    if verify == "stamp" and quiet and _read_stamp(stamp)[0] == known:
        return CheckedFile(
            path, size, known or "", False, None, descriptor, identity, blame
        )
    with os.fdopen(os.dup(descriptor), "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    _compare(path, sha256, weights, blame)
    checked = CheckedFile(path, size, sha256, True, None, descriptor, identity, blame)
    checked.check_unchanged()
    # Times are coarse: within one tick, a file is written twice at the same time.
    if quiet and file_writers.none(descriptor) and not _is_fresh(before):
        _write_stamp(stamp, f"{sha256}\n{path.absolute()}")
    return checked


def _compare(path: Path, sha256: str, weights: Weights, blame: str) -> None:
    if weights.sha256 not in (None, sha256):
        actual, pinned = sha256[:SHORT_HASH], str(weights.sha256)[:SHORT_HASH]
        problem = f"has SHA-256 {actual}..., but {pinned}... is pinned"
        raise IntegrityError(str(path), problem, blame)


def _read(descriptor: int, size: int) -> bytes:
    """Return the whole content of a file that was `size` bytes long when looked at."""
    pieces = []
    while piece := os.read(descriptor, size + 1):
        pieces.append(piece)
    return b"".join(pieces)


def _identity(stat: os.stat_result) -> Identity:
    """Return what changes when a file is written or replaced."""
    times = stat.st_mtime_ns, stat.st_ctime_ns
    return stat.st_dev, stat.st_ino, stat.st_size, *times


def _is_fresh(stat: os.stat_result) -> bool:
    """Return whether a file was written just now, by the clock of its times."""
    newest = max(stat.st_mtime_ns, stat.st_ctime_ns)
    tick = FINE_TICK if newest % 1_000_000_000 else COARSE_TICK
    return time.time_ns() - newest < tick


def _hash_stamp(stat: os.stat_result) -> Path:
    key = hashlib.sha256(repr(_identity(stat)).encode()).hexdigest()
    return folders.cache_dir() / "stamps" / key


def _is_current(stamp: Path) -> bool:
    try:
        return _hash_stamp(os.stat(_read_stamp(stamp)[1])) == stamp
    except OSError:
        return False


def _read_stamp(stamp: Path) -> tuple[str, str]:
    """Return the SHA-256 that a stamp records, and the path of the file."""
    try:
        text = stamp.read_bytes().decode(errors="surrogateescape")
    except OSError:
        return "", ""
    sha256, _, path = text.partition("\n")
    return sha256, path


def _write_stamp(stamp: Path, text: str) -> None:
    with suppress(OSError):  # a read-only cache only costs time: it is hashed again
        write_atomic(stamp, text.encode(errors="surrogateescape"))
