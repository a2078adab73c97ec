"""Find the weights file of a model, and check it whatever its source.

Sources, in order: the plugin's package, the stores (`ZOO_STORE`, the user's own, a
shared one), the cache of the Hub's client, the Hub. Does not know torch.
"""

import hashlib
import os
import re
import shutil
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from stat import S_ISREG
from typing import Literal, TypeVar

from zoo._utils import file_writers
from zoo._utils import paths as folders
from zoo._utils.atomic_write import write_atomic
from zoo._utils.file_lock import wait_for_file_lock
from zoo.artifacts import hub_download
from zoo.errors import IntegrityError, OfflineError, UnreachableError
from zoo.plugins.discovery import Plugin
from zoo.specs import ModelSpec, Weights
from zoo.specs.model_spec import SHA256

__all__ = [
    "CheckedFile",
    "Verify",
    "check",
    "check_etag",
    "fetch_verified",
    "is_cached",
    "object_path",
    "obtain",
    "open_checked",
    "package_folder",
    "quarantine",
    "quarantined_files",
    "reinstall_advice",
    "sha256_of",
    "shipped_checkpoint",
    "unused_stamps",
]

T = TypeVar("T")
Verify = Literal["stamp", "always"]
Identity = tuple[int, ...]
DESCRIPTORS = Path("/proc/self/fd")  # of Linux
O_BINARY: int = getattr(os, "O_BINARY", 0)  # of Windows
FINE_TICK, COARSE_TICK = 20_000_000, 2_000_000_000  # ns between two times of a file
STAMP_MIN_BYTES = (
    1 << 20
)  # hashed at every load: that costs less than looking for a stamp
SHORT_HASH = 12  # digits of a SHA-256 that a message shows
CORRUPT_SUFFIX = ".corrupt-"  # in the name of a file that was set aside
CORRUPT = re.compile(r"\.corrupt-[0-9]{19}$")  # with nanoseconds: no user's own name
ETAG_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


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


def obtain(
    name: str, weights: Weights, *, package: Path | None, blame: str, verify: Verify
) -> CheckedFile:
    """Return the checked file of weights.

    `package` is the folder of the plugin that ships them, if one does. `blame` says
    what to do if the file there is missing or wrong. Raises IntegrityError and what
    `hub_download.download` raises.
    """
    shipped = package / weights.filename if package and not weights.repo else None
    if shipped is not None and shipped.is_file():
        return open_checked(shipped, weights, verify=verify, blame=blame)
    stored = _from_store(weights, verify)
    if stored is not None:
        return stored
    if shipped is not None:
        raise IntegrityError(str(shipped), "is missing", blame)
    return _from_hub(name, weights, verify)


def is_cached(weights: Weights) -> bool:
    """Return whether weights are on this machine; nothing is hashed or requested."""
    places = [
        object_path(store, weights.sha256 or "none") for store in folders.store_dirs()
    ]
    if weights.repo is not None and weights.revision is not None:
        cached = hub_download.cached(weights.repo, weights.revision, weights.filename)
        places += [cached] if cached else []
    return any(map(os.path.isfile, places))


def check(path: Path, weights: Weights, *, verify: Verify, blame: str) -> bool:
    """Refuse a file that is not the pinned one; return whether it was hashed now."""
    with open_checked(path, weights, verify=verify, blame=blame) as file:
        return file.hashed


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


def unused_stamps() -> list[Path]:
    """Return the stamps of files that were removed or changed."""
    stamps = sorted((folders.cache_dir() / "stamps").glob("*"))
    ours = (stamp for stamp in stamps if SHA256.fullmatch(stamp.name))
    return [stamp for stamp in ours if not _is_current(stamp)]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def object_path(store: Path, sha256: str) -> Path:
    """Return where a store keeps the file of this SHA-256."""
    return store / "sha256" / sha256


def shipped_checkpoint(spec: ModelSpec) -> Path:
    """Return the checkpoint folder of a model inside its plugin's package."""
    return package_folder(spec.package) / "checkpoints" / spec.name


def package_folder(package: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return Path(package)  # not installed as a folder: nothing will be found there
    return Path(next(iter(spec.submodule_search_locations)))


def reinstall_advice(plugin: Plugin) -> str:
    """Return what to do about a file that a plugin ships and that is wrong."""
    return (
        f"Plugin {plugin.name!r} ships this file: run "
        f"pip install --force-reinstall {plugin.distribution}"
    )


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


def _from_store(weights: Weights, verify: Verify) -> CheckedFile | None:
    """Return the file from the first store that has it undamaged."""
    if weights.sha256 is None:
        return None
    for store in folders.store_dirs():
        path = object_path(store, weights.sha256)
        if not os.path.isfile(path):  # a store of another user is as if empty
            continue
        try:
            blame = "Another source is tried; delete this file"
            return open_checked(path, weights, verify=verify, blame=blame)
        except (IntegrityError, PermissionError) as exc:
            warnings.warn(str(exc), stacklevel=2)
    return None


def _from_hub(name: str, weights: Weights, verify: Verify) -> CheckedFile:
    repo, revision, filename = weights.repo, weights.revision, weights.filename
    if repo is None or revision is None:
        raise ValueError("weights without a repository and a commit are shipped")

    def fetch() -> Path:
        return hub_download.cached(repo, revision, filename) or hub_download.download(
            repo, revision, filename, name=name, size=weights.size
        )

    def judge(path: Path) -> CheckedFile:
        blame = (
            f"It came from {repo} and is set aside. Load again while online; if the "
            "next one is wrong as well, tell the plugin's author"
        )
        if weights.sha256 is None:
            check_etag(path, blame)
        return open_checked(path, weights, verify=verify, blame=blame)

    return fetch_verified(fetch, judge)


def _quarantine_lock(path: Path) -> AbstractContextManager[None]:
    """Keep other processes from setting the same file aside meanwhile."""
    key = hashlib.sha256(str(path).encode()).hexdigest()[:32]
    return wait_for_file_lock(folders.cache_dir() / "locks" / f"{key}.lock")


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
