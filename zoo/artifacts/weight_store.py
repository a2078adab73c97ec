"""Find the weights file of a model, and check it whatever its source.

Sources, in order: the plugin's package, the stores (`ZOO_STORE`, the user's own, a
shared one), the cache of the Hub's client, the Hub. Does not know torch.
"""

import hashlib
import os
import re
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from zoo._utils import paths as folders
from zoo._utils.atomic_write import write_atomic
from zoo._utils.file_lock import wait_for_file_lock
from zoo.artifacts import hub_download
from zoo.errors import IntegrityError, OfflineError, UnreachableError
from zoo.plugins.discovery import Plugin
from zoo.specs import ModelSpec, Weights

__all__ = [
    "Verify",
    "check",
    "check_etag",
    "fetch_verified",
    "is_cached",
    "object_path",
    "obtain",
    "package_folder",
    "quarantine",
    "quarantined_files",
    "reinstall_advice",
    "sha256_of",
    "shipped_checkpoint",
    "unused_stamps",
]

Verify = Literal["stamp", "always"]
STAMP_MIN_BYTES = (
    1 << 20
)  # hashed at every load: that costs less than looking for a stamp
SHORT_HASH = 12  # digits of a SHA-256 that a message shows
CORRUPT_SUFFIX = ".corrupt-"  # ends the name of a file that was set aside
ETAG_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def obtain(
    name: str, weights: Weights, *, package: Path | None, blame: str, verify: Verify
) -> tuple[Path, bool]:
    """Return the checked file of weights, and whether it was hashed now.

    `package` is the folder of the plugin that ships them, if one does. `blame` says
    what to do if the file there is missing or wrong. Raises IntegrityError and what
    `hub_download.download` raises.
    """
    shipped = package / weights.filename if package and not weights.repo else None
    if shipped is not None and shipped.is_file():
        return shipped, check(shipped, weights, verify=verify, blame=blame)
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
    return any(path.is_file() for path in places)


def check(path: Path, weights: Weights, *, verify: Verify, blame: str) -> bool:
    """Refuse a file that is not the pinned one; return whether it was hashed now.

    A large file that passed gets a stamp, keyed by everything that changes when a file
    is written: device, inode, size, both times. It is not hashed again while these are
    the same. An unknown size or SHA-256 is not checked.
    """
    stat = path.stat()
    if weights.size not in (None, stat.st_size):
        problem = f"has {stat.st_size:,} bytes, but {weights.size:,} are pinned"
        raise IntegrityError(str(path), problem, blame)
    if weights.sha256 is None:
        return False
    stamp = _hash_stamp(stat)
    use_stamp = verify == "stamp" and stat.st_size >= STAMP_MIN_BYTES
    if use_stamp and _read_stamp(stamp)[0] == weights.sha256:
        return False
    sha256 = sha256_of(path)
    if sha256 != weights.sha256:
        actual, pinned = sha256[:SHORT_HASH], weights.sha256[:SHORT_HASH]
        problem = f"has SHA-256 {actual}..., but {pinned}... is pinned"
        raise IntegrityError(str(path), problem, blame)
    if stat.st_size >= STAMP_MIN_BYTES:
        _write_stamp(stamp, f"{sha256}\n{path.absolute()}")
    return True


def unused_stamps() -> list[Path]:
    """Return the stamps of files that were removed or changed."""
    stamps = sorted((folders.cache_dir() / "stamps").glob("*"))
    return [stamp for stamp in stamps if not _is_current(stamp)]


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
    places = [(folders.hub_cache_dir(), "models--*/**")]
    places += [(store, "**") for store in folders.store_dirs()]
    matches = (place.glob(f"{below}/*{CORRUPT_SUFFIX}*") for place, below in places)
    return sorted(path for paths in matches for path in paths)


def fetch_verified(fetch: Callable[[], Path], judge: Callable[[Path], object]) -> Path:
    """Return a file that `judge` accepts; fetch it once more if it is refused.

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
            judge(path)
        except FileNotFoundError:  # another process has just set it aside
            if last:
                raise
        except IntegrityError as exc:
            quarantine(path, judge)
            if last:
                raise
            wrong = exc
        else:
            return path
    raise AssertionError("the second try returns or raises")


def quarantine(path: Path, judge: Callable[[Path], object]) -> None:
    """Rename a file that is still wrong; only the newest of such files is kept."""
    real = Path(os.path.realpath(path))
    with _quarantine_lock(path), suppress(OSError):  # a read-only cache stays as it is
        try:
            judge(path)  # another process may have healed it
        except IntegrityError:
            os.replace(
                real, real.with_name(f"{real.name}{CORRUPT_SUFFIX}{time.time_ns()}")
            )
        corrupt = sorted(real.parent.glob(f"{real.name}{CORRUPT_SUFFIX}*"))
        for old in corrupt[:-1]:
            with suppress(OSError):
                old.unlink()


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


def _from_store(weights: Weights, verify: Verify) -> tuple[Path, bool] | None:
    """Return the file from the first store that has it undamaged."""
    if weights.sha256 is None:
        return None
    for store in folders.store_dirs():
        path = object_path(store, weights.sha256)
        if not path.is_file():
            continue
        try:
            blame = "Another source is tried; delete this file"
            return path, check(path, weights, verify=verify, blame=blame)
        except IntegrityError as exc:
            warnings.warn(str(exc), stacklevel=2)
    return None


def _from_hub(name: str, weights: Weights, verify: Verify) -> tuple[Path, bool]:
    assert weights.repo is not None, "weights without a repo are shipped"
    assert weights.revision is not None, "a spec pins the commit with the repo"
    repo, revision, filename = weights.repo, weights.revision, weights.filename
    hashed = False

    def fetch() -> Path:
        return hub_download.cached(repo, revision, filename) or hub_download.download(
            repo, revision, filename, name=name, size=weights.size
        )

    def judge(path: Path) -> bool:
        nonlocal hashed
        blame = (
            f"It came from {repo} and is set aside. Load again while online; if the "
            "next one is wrong as well, tell the plugin's author"
        )
        if weights.sha256 is None:
            check_etag(path, blame)
        hashed = check(path, weights, verify=verify, blame=blame)
        return hashed

    return fetch_verified(fetch, judge), hashed


def _quarantine_lock(path: Path) -> AbstractContextManager[None]:
    """Keep other processes from setting the same file aside meanwhile."""
    key = hashlib.sha256(str(path).encode()).hexdigest()[:32]
    return wait_for_file_lock(folders.cache_dir() / "locks" / f"{key}.lock")


def _hash_stamp(stat: os.stat_result) -> Path:
    identity = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    key = hashlib.sha256(repr((*identity, stat.st_ctime_ns)).encode()).hexdigest()
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
