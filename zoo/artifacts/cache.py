"""List, verify and prune the files that the zoo keeps on this machine.

Does not know torch.
"""

import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from zoo._utils import paths as folders
from zoo._utils.atomic_folder import abandoned_folders
from zoo._utils.atomic_write import PARTIAL
from zoo.artifacts import (
    checked_file,
    checkpoint_folder,
    hub_download,
    hub_repository,
    lockfile,
    quarantine,
    sealed_files,
    weight_store,
)
from zoo.artifacts.hub_repository import PREFIX
from zoo.artifacts.lockfile import Lock
from zoo.errors import IntegrityError, ModelNotFound
from zoo.plugins.discovery import installed
from zoo.plugins.namespaces import find_model
from zoo.specs import Weights
from zoo.specs.model_spec import SHA256

__all__ = [
    "UNUSED_DAYS",
    "Item",
    "VerifyResult",
    "list_items",
    "prunable",
    "prune",
    "verify",
]

Kind = Literal[
    "package",
    "hub",
    "store",
    "stamp",
    "tensors",
    "features",
    "other",
    "wrong",
    "orphan",
]
COMPUTED: tuple[Literal["tensors", "features"], ...] = ("tensors", "features")
UNUSED_DAYS = 30.0  # for which a decoded dataset that nobody reads is kept
SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file or folder, and the models that use it.

    `kind` says where it lies: in a plugin's "package", in the cache of the "hub"'s
    client, in a "store"; or what it is: a "stamp" of a file that was hashed, "tensors"
    of a decoded dataset, "features" of a user's rows, "other" files of the zoo's cache,
    a "wrong" file that was set aside, an "orphan" of a process that was killed.
    """

    kind: Kind
    path: Path
    size: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """A file whose hash is known, and what is wrong with it."""

    names: tuple[str, ...]
    path: Path
    problem: str | None
    aside: bool = False  # it was wrong, and is out of the way now


@dataclass(frozen=True, slots=True)
class _HashedFile:
    """A file on this machine whose SHA-256 is known: `pin`."""

    kind: Kind
    path: Path
    pin: Weights
    names: tuple[str, ...]


def list_items() -> list[Item]:
    """Return everything the zoo keeps, except what plugins ship."""
    weights = [
        Item(kind=file.kind, path=file.path, size=_size(file.path), names=file.names)
        for file in _hashed_files()
        if file.kind not in ("package", *COMPUTED)
    ]
    weight_paths = {item.path for item in weights}
    cache = folders.cache_dir()
    rest: list[Item] = []
    for place in folders.store_dirs():
        small = place.glob("repositories/*/*/*/*")
        rest += _items("store", (path for path in small if path not in weight_paths))
    rest += _items("stamp", _ours(cache / "stamps", SHA256))
    rest += _items("tensors", _ours(cache / "tensors", sealed_files.NAME))
    rest += _items("features", _ours(cache / "features", sealed_files.NAME))
    others = ("locks", "mismatch", "trained-rows", lockfile.trusted_path().name)
    rest += _items("other", (cache / name for name in others))
    rest += _items("wrong", quarantine.quarantined_files())
    rest += _items("orphan", _orphans())
    return weights + rest


def verify(names: Iterable[str] = ()) -> Iterator[VerifyResult]:
    """Hash every file again whose hash is known, and quarantine those that differ.

    With `names`, only the files of these models. A file that a plugin ships is never
    moved: pip owns it.
    Raises ModelNotFound.
    """
    files, requested = _hashed_files(), set(names)
    for name in sorted(requested - {name for file in files for name in file.names}):
        if not name.startswith(PREFIX) and not find_model(name, installed()):
            known = installed()
            raise ModelNotFound(name, known.models, broken=known.broken())
    for file in files:
        if not requested or requested & set(file.names):
            yield _verify_file(file)


def prunable(days: float = UNUSED_DAYS) -> list[Item]:
    """Return what can be removed; never a file that a model is loaded from.

    These are remains of killed downloads, quarantined files, stamps of files that no
    longer exist, and decoded datasets that were not read for `days` days.
    """
    cache = folders.cache_dir()
    unread = {
        kind: [
            path
            for path in _ours(cache / kind, sealed_files.NAME)
            if _age(path) >= days * SECONDS_A_DAY
        ]
        for kind in COMPUTED
    }
    return [
        *_items("orphan", _orphans()),
        *_items("wrong", quarantine.quarantined_files()),
        *_items("stamp", checked_file.unused_stamps()),
        *(item for kind in COMPUTED for item in _items(kind, unread[kind])),
    ]


def prune(items: Iterable[Item]) -> list[Item]:
    """Remove what `prunable` returned, and return what was removed."""
    removed: list[Item] = []
    for item in items:
        with suppress(OSError):  # it lies where this user may not write
            _remove(item.path)
            removed.append(item)
    return removed


def _hashed_files() -> list[_HashedFile]:
    """Return the files on this machine whose hash is known, each path once."""
    by_path: dict[Path, _HashedFile] = {}
    for file in (
        *_registered(),
        *_of_libraries(),
        *_repositories(),
        *_stored(),
        *_computed(),
    ):
        before = by_path.get(file.path, file)
        names = tuple(sorted({*before.names, *file.names}))
        by_path[file.path] = replace(before, names=names)
    return list(by_path.values())


def _locks() -> list[Lock]:
    """Return the locks of the project, and those trusted on first use."""
    files = (lockfile.lock_path(), lockfile.trusted_path())
    readable = (file for file in files if not lockfile.is_forbidden(file))
    return [lock for file in readable for lock in lockfile.read(file).values()]


def _registered() -> Iterator[_HashedFile]:
    locked = {(lock.name, lock.commit): lock for lock in reversed(_locks())}
    for name, spec in sorted(installed().models.items()):
        pin = spec.weights
        if pin is not None and pin.repo is None:
            path = weight_store.shipped_checkpoint(spec) / pin.filename
            if path.is_file():
                yield _HashedFile("package", path, pin, (name,))
        elif pin is not None:
            lock = locked.get((name, pin.revision or ""))
            unknown = pin.sha256 is None and lock is not None
            yield from _cached(lock.weights() if lock and unknown else pin, name)


def _of_libraries() -> Iterator[_HashedFile]:
    """Yield the files of names "prefix/..." whose hash is locked."""
    for lock in _locks():
        if lock.repo and not lock.config and lock.name not in installed().models:
            yield from _cached(lock.weights(), lock.name)


def _repositories() -> Iterator[_HashedFile]:
    """Yield the files of repositories "hf://..." whose hash is locked."""
    for lock in (lock for lock in _locks() if lock.config and lock.repo):
        pin = lock.weights()
        config = replace(
            pin, size=None, sha256=lock.config, filename=checkpoint_folder.CONFIG
        )
        yield from _cached(pin, lock.name)
        yield from _cached(config, lock.name)
        for place in folders.store_dirs():
            home = hub_repository.commit_folder(place, lock.repo, lock.commit)
            path = home / checkpoint_folder.CONFIG
            if path.is_file():
                yield _HashedFile("store", path, config, (lock.name,))


def _stored() -> Iterator[_HashedFile]:
    """Yield the files of the stores, which are named by their hash."""
    names: dict[str | None, set[str]] = {}
    pins = [(name, spec.weights) for name, spec in installed().models.items()]
    pins += [(lock.name, lock.weights()) for lock in _locks()]
    for name, weights in pins:
        names.setdefault(weights.sha256 if weights else None, set()).add(name)
    for place in folders.store_dirs():
        for path in sorted((place / "sha256").glob("*")):
            if SHA256.fullmatch(path.name) and path.is_file():
                pin = Weights(size=path.stat().st_size, sha256=path.name)
                users = tuple(sorted(names.get(path.name, ())))
                yield _HashedFile("store", path, pin, users)


def _computed() -> Iterator[_HashedFile]:
    """Yield the decoded datasets and the features, which are named by their hash too.

    One that is wrong is not used, and is computed again.
    """
    for kind in COMPUTED:
        for path in _ours(folders.cache_dir() / kind, sealed_files.NAME):
            if pin := sealed_files.pin_of(path):
                yield _HashedFile(kind, path, pin, ())


def _cached(pin: Weights, name: str) -> Iterator[_HashedFile]:
    path = hub_download.cached(pin.repo or "", pin.revision or "", pin.filename)
    if path:
        yield _HashedFile("hub", path, pin, (name,))


def _verify_file(file: _HashedFile) -> VerifyResult:
    blame = "No model that is known here needs it"
    if file.kind == "package":
        blame = weight_store.reinstall_advice(installed().providers[file.names[0]])
    elif file.kind in COMPUTED:
        blame = "It is computed again when it is needed"
    elif file.names:
        blame = f"'zoo fetch {file.names[0]}' brings it again"

    def judge(path: Path) -> None:
        checked_file.check(path, file.pin, verify="always", blame=blame)
        if file.pin.sha256 is None:
            quarantine.check_etag(path, blame)

    try:
        judge(file.path)
    except IntegrityError as exc:
        if file.kind in COMPUTED:
            with suppress(OSError):
                file.path.unlink()
        elif file.kind != "package":
            quarantine.quarantine(file.path, judge)
        aside = not file.path.exists()
        return VerifyResult(
            names=file.names, path=file.path, problem=str(exc), aside=aside
        )
    except OSError as exc:
        problem = f"{file.path} can't be read: {exc.strerror or exc}."
        return VerifyResult(names=file.names, path=file.path, problem=problem)
    return VerifyResult(names=file.names, path=file.path, problem=None)


def _orphans() -> list[Path]:
    """Return what killed downloads, unpackings of bundles and other writes left."""
    cache = folders.cache_dir()
    parts = (
        path
        for place in (*folders.store_dirs(), cache, *cache.glob("*"))
        for path in place.glob(".zoo-part-*")
        if PARTIAL.fullmatch(path.name) and _age(path) >= SECONDS_A_DAY
    )
    return [
        *hub_download.partial_downloads(),
        *(path for place in folders.store_dirs() for path in abandoned_folders(place)),
        *parts,
    ]


def _ours(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """Return the files in a folder of the cache that have a name of the zoo's own."""
    return [path for path in folder.glob("*") if name.fullmatch(path.name)]


def _items(kind: Kind, paths: Iterable[Path]) -> list[Item]:
    existing = (path for path in paths if path.exists())
    return [Item(kind=kind, path=path, size=_size(path)) for path in sorted(existing)]


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    total = 0
    for file in files:
        with suppress(OSError):  # another process removes it
            total += file.stat().st_size if file.is_file() else 0
    return total


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
