"""Download the files that loading a model needs, without loading it.

Does not know torch.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zoo._utils import paths as folders
from zoo.artifacts import hub_download, resolve
from zoo.artifacts.resolve import Source
from zoo.errors import ZooError

__all__ = ["Fetched", "fetch", "fetch_each"]

Origin = Literal["package", "folder", "store", "cache", "hub"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The weights of one name, now on this machine.

    `origin` says where they were; only "hub" means a download.
    """

    name: str
    path: Path
    size: int
    sha256: str
    origin: Origin
    repo: str | None


def fetch(*names: str) -> list[Path]:
    """Return the weights files of models, downloaded where they are missing.

    A name is a registered model or a repository "hf://user/name"; after that
    `zoo.load` needs no network for it. An error does not stop the other downloads: it
    is raised at the end. Raises what `zoo.load` raises for a source.

    >>> [path.name for path in zoo.fetch("xor-mlp")]
    ['model.safetensors']
    """
    paths: list[Path] = []
    errors: list[ZooError] = []
    for _, result in fetch_each(names):
        if isinstance(result, ZooError):
            errors.append(result)
        else:
            paths.append(result.path)
    if errors:
        for other in errors[1:]:
            errors[0].add_note(str(other))
        raise errors[0]
    return paths


def fetch_each(names: Iterable[str]) -> Iterator[tuple[str, Fetched | ZooError]]:
    """Yield each name with its file, or with the error that it raised."""
    for name in names:
        try:
            yield name, _fetch_one(name)
        except ZooError as exc:
            yield name, exc


def _fetch_one(name: str) -> Fetched:
    source = resolve.find(name)
    before = _cached(source)
    path, pin = resolve.obtain(source)
    _, sha256 = pin.pinned
    return Fetched(
        name=name,
        path=path,
        size=path.stat().st_size,
        sha256=sha256,
        origin=_origin(source, path, before),
        repo=pin.repo,
    )


def _cached(source: Source) -> tuple[int, int] | None:
    """Return the identity of a model's file in the client's cache, if it is there."""
    pin = source.spec.weights
    if pin is not None and source.kind == "registered":
        pin = resolve.locked_pin(source, pin)
    if pin is None or pin.repo is None or pin.revision is None:
        return None
    path = hub_download.cached(pin.repo, pin.revision, pin.filename)
    return _identity(path) if path else None


def _origin(source: Source, path: Path, before: tuple[int, int] | None) -> Origin:
    if source.kind == "folder":
        return "folder"
    if any(path.is_relative_to(store) for store in folders.store_dirs()):
        return "store"
    if path.is_relative_to(folders.hub_cache_dir()):
        return "cache" if _identity(path) == before else "hub"
    return "package"


def _identity(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns
