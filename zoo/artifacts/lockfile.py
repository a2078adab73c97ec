"""zoo.lock: the exact bytes of each named model, so that every load gets the same.

A project's file is `ZOO_LOCK`, or `zoo.lock` in the working directory; `zoo lock`
writes it. A second file, in the zoo's cache, records what was trusted on first use: a
repository, or weights whose plugin gives no SHA-256.
"""

import json
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from zoo._utils import paths
from zoo._utils.atomic_write import write_atomic
from zoo._utils.file_lock import folder_lock
from zoo._utils.schema import AT_ONCE, Malformed, convert, parse_toml, read_bytes
from zoo.errors import LockError, SpecError, TrustWarning
from zoo.specs import Weights
from zoo.specs.model_spec import SHA256

__all__ = [
    "Lock",
    "find",
    "is_forbidden",
    "lock_path",
    "read",
    "read_trusted",
    "remember_trusted",
    "trusted_path",
    "update",
    "warn_of_bundle",
    "write",
]

HEADER = (
    "# Which weights a name stands for. Written by 'zoo lock'; keep it in your project."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One model's weights, as they were when they were locked.

    `repo` and `commit` say where they lie on the Hub, if they do; `config` is the
    SHA-256 of config.json where the model is a repository (a name "hf://..."). `bundle`
    is the file that it came from, where nothing else vouches for these bytes.
    """

    name: str
    plugin: str
    version: str
    size: int
    sha256: str
    filename: str = "model.safetensors"
    repo: str = ""
    commit: str = ""
    config: str = ""
    bundle: str = ""

    def __post_init__(self) -> None:
        self.weights()
        if self.config and not SHA256.fullmatch(self.config):
            raise SpecError("Lock", "config", self.config, "64 hexadecimal digits")

    def weights(self) -> Weights:
        """Return the lock as a pin."""
        return Weights(
            size=self.size,
            sha256=self.sha256,
            repo=self.repo or None,
            revision=self.commit or None,
            filename=self.filename,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """The tables of a lock file."""

    model: tuple[Lock, ...]


def lock_path() -> Path:
    """Return the path of the project's lock file, which need not exist."""
    return paths.expand_home(os.environ.get("ZOO_LOCK") or "zoo.lock", "ZOO_LOCK")


def trusted_path() -> Path:
    """Return the path of the file that records what was trusted on first use."""
    return paths.cache_dir() / "zoo.lock"


def find(name: str) -> Lock | None:
    """Return the lock of a name in the project, or None. Raises LockError."""
    path, asked = lock_path(), os.environ.get("ZOO_LOCK")
    if is_forbidden(path) and not asked:
        return None  # of another user, whose folder this is; `zoo doctor` names it
    if asked and not path.exists():
        raise LockError(
            f"ZOO_LOCK names {path}, and there is no such file: nothing would be held "
            "against a lock. 'zoo lock' writes it; or unset ZOO_LOCK."
        )
    return read(path).get(name)


def read_trusted() -> dict[str, Lock]:
    """Return what was trusted on first use, by name. Raises LockError."""
    return {} if is_forbidden(trusted_path()) else read(trusted_path())


def is_forbidden(path: Path) -> bool:
    """Return whether a file is there that this user may not read."""
    try:
        os.close(os.open(path, os.O_RDONLY | AT_ONCE))  # which waits for no pipe
    except PermissionError:
        return True
    except OSError:
        pass
    return False


def read(path: Path) -> dict[str, Lock]:
    """Return the locks of a file by name; none where it is missing.

    Raises LockError.
    """
    try:
        raw = parse_toml(read_bytes(path))
    except FileNotFoundError:
        return {}
    except (OSError, Malformed) as exc:
        raise LockError(f"{path} can't be read ({exc}). {_remedy(path)}") from exc
    try:
        locks = convert(raw, _File).model if raw else ()
        counts = Counter(lock.name for lock in locks)
        if twice := [name for name, count in counts.items() if count > 1]:
            raise Malformed(f"two entries for {twice[0]!r}")
    except (Malformed, SpecError) as exc:
        problem = str(exc).rstrip(".")
        raise LockError(
            f"{path} is not a lock file ({problem}). {_remedy(path)}"
        ) from exc
    return {lock.name: lock for lock in locks}


def write(path: Path, locks: Iterable[Lock]) -> None:
    """Write a lock file atomically."""
    entries = [_entry(lock) for lock in sorted(locks, key=lambda lock: lock.name)]
    write_atomic(path, "".join([HEADER, "\n", *entries]).encode())


def update(path: Path, fresh: Mapping[str, Lock]) -> dict[str, Lock]:
    """Put locks into a lock file, which keeps its others; return what was in it.

    Several processes may do so at once. Raises LockError, and OSError where the file
    can't be written.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(target.parent):
        before = read(path)
        write(path, (before | dict(fresh)).values())
    return before


def remember_trusted(lock: Lock) -> None:
    """Record a lock as trusted on first use, if the cache can be written."""
    if not is_forbidden(trusted_path()):
        with suppress(OSError):
            update(trusted_path(), {lock.name: lock})


def warn_of_bundle(lock: Lock) -> None:
    """Warn where a bundle alone says what the bytes of a name are."""
    if lock.bundle:
        warnings.warn(
            f"{lock.name} came in the bundle {lock.bundle}, and no pin or lock vouches "
            f"for it: that these are the bytes of {lock.repo} is the bundle's word "
            f"alone (SHA-256 {lock.sha256}). 'zoo lock {lock.name}' keeps them for "
            "your project, if you trust the bundle.",
            TrustWarning,
            stacklevel=3,
        )


def _entry(lock: Lock) -> str:
    # A JSON string without control characters is a TOML string as well.
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in asdict(lock).items()
        if value != ""
    ]
    return "\n".join(["", "[[model]]", *lines, ""])


def _remedy(path: Path) -> str:
    if path == trusted_path():
        return "Delete it: it only remembers what was trusted."
    if path.exists() and not path.is_file():
        return "A lock file is read as well as written: name another place with -o."
    return (
        "Take it back from version control, or delete it and run 'zoo lock' with the "
        "names of your models."
    )
