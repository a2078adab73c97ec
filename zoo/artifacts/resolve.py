"""What a name stands for, and where its weights are: a registered model, a library's, a
checkpoint folder, a repository on the Hub. Does not know torch.
"""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from zoo._utils import paths
from zoo.artifacts import (
    checkpoint_folder,
    hub_download,
    hub_repository,
    license_policy,
    lockfile,
)
from zoo.artifacts import weight_store as store
from zoo.artifacts.checked_file import (
    SHORT_HASH,
    CheckedFile,
    Verify,
    open_checked,
)
from zoo.artifacts.checkpoint_folder import Config
from zoo.artifacts.config_allowlist import check_allowed
from zoo.artifacts.hub_repository import PREFIX, Repository
from zoo.artifacts.lockfile import Lock
from zoo.errors import (
    CheckpointError,
    LockError,
    ModelNotFound,
    NoWeights,
    TrustWarning,
)
from zoo.plugins import namespaces
from zoo.plugins.discovery import Plugin, installed
from zoo.plugins.registry import Registry
from zoo.specs import ModelSpec, Weights

__all__ = [
    "Source",
    "companion_files",
    "disagreement",
    "find",
    "fresh_lock",
    "locked_pin",
    "obtain",
    "open_weights",
    "to_lock",
]

MOST_SHOWN = 60  # characters of what is no name, in an error


@dataclass(frozen=True)
class Source:
    """What a name stands for: its spec, its plugin, and the folder of its files."""

    name: str  # as the user wrote it
    spec: ModelSpec
    plugin: Plugin
    folder: Path  # of config, golden and receipt; of the weights too, if they are local
    kind: str  # "registered", "folder" or "repository"
    parent: Mapping[str, str] | None = None
    repository: Repository | None = None


def find(name: str | Path, *, locked: bool = True) -> Source:
    """Return what a name stands for; the config of a repository is downloaded.

    With `locked`, zoo.lock is honoured. Raises ModelNotFound, CheckpointError,
    LockError and, for a repository, what `hub_repository.find` raises.
    """
    known = installed()
    if not isinstance(name, (str, Path)) or name == "":  # a folder would be "."
        known_as = getattr(getattr(name, "zoo", None), "spec", None)
        if known_as is not None:
            raise CheckpointError(
                f"This is a model, a {type(name).__name__}, and its name is needed, or "
                f"its folder. Give {known_as.name!r}; or, if it has changed since it "
                "was loaded, save it with zoo.save, and give that folder."
            )
        shown = repr(name)
        if len(shown) > MOST_SHOWN:  # a module, with all its layers
            shown = f"<{type(name).__name__}>"
        raise ModelNotFound(shown, known.models)
    if isinstance(name, str) and (found := namespaces.find_model(name, known)):
        spec, plugin = found
        if checkpoint_folder.is_checkpoint(Path(name)):
            warnings.warn(
                f"{name!r} is a registered model, and a checkpoint folder here as "
                f"well. The registered model is taken; './{name}' is the folder.",
                stacklevel=2,
            )
        folder = store.shipped_checkpoint(spec)
        spec = _with_local_files(spec, _hub_folder(spec.weights) or folder)
        shipped = checkpoint_folder.is_checkpoint(folder)
        parent = checkpoint_folder.read_config(folder).parent if shipped else None
        return Source(name, spec, plugin, folder, "registered", parent)
    if isinstance(name, str) and name.startswith(PREFIX):
        return _repository(name, locked)
    folder = Path(name)
    if isinstance(name, Path) or checkpoint_folder.is_checkpoint(folder) or "/" in name:
        config = checkpoint_folder.read_config(folder)
        spec, plugin = _spec_of(config, folder)
        spec = _with_local_files(spec, folder)
        return Source(str(name), spec, plugin, folder, "folder", config.parent)
    Registry(known.models, known.broken())[name]
    raise AssertionError("the registry raises ModelNotFound")


def obtain(
    source: Source, *, verify: Verify = "stamp", locked: bool = True
) -> tuple[Path, Weights]:
    """Return the path of a model's checked weights, and their pin.

    Raises what `open_weights` raises.
    """
    file, pin = open_weights(source, verify=verify, locked=locked)
    file.close()
    return file.path, pin


def open_weights(
    source: Source, *, verify: Verify = "stamp", locked: bool = True
) -> tuple[CheckedFile, Weights]:
    """Return the opened file of a model's weights, checked, and their pin.

    Raises NoWeights, LicenseError, LockError, IntegrityError, CheckpointError and what
    `hub_download.download` raises.
    """
    pin = source.spec.weights
    if pin is None:
        raise NoWeights(source.spec.name)
    license_policy.enforce(source.spec)
    if source.kind == "folder":
        return _local_weights(source.folder, pin, verify)
    if source.kind == "registered" and locked:
        pin = locked_pin(source, pin)
    if pin.moves and pin.repo is not None:
        branch = pin.revision or ""
        commit = hub_download.resolve_revision(pin.repo, branch, name=source.name)
        pin = replace(pin, revision=commit)
    file = store.obtain(
        source.name,
        pin,
        package=source.folder if source.kind == "registered" else None,
        blame=store.reinstall_advice(source.plugin),
        verify=verify,
    )
    if source.kind == "registered":
        _fetch_companions(source.spec, pin)
    if source.repository is not None and locked:
        plugin = source.plugin
        hub_repository.trust(
            source.name, source.repository, plugin.distribution, plugin.version
        )
    if pin.sha256 is None or pin.size is None:
        was_pinned = pin.sha256 is not None
        pin = replace(pin, sha256=file.sha256, size=file.size)
        if locked and not was_pinned:
            _trust_on_first_use(source, pin)
    return file, pin


def companion_files(source: Source) -> list[Path]:
    """Return the small files that a load may need and that no plugin ships."""
    if source.repository is not None:
        return [source.folder / filename for filename in hub_repository.SMALL_FILES]
    pin = source.spec.weights
    on_the_hub = pin is not None and pin.repo is not None
    return [*source.spec.input.local_files] if on_the_hub else []


def fresh_lock(name: str) -> Lock:
    """Return the present lock of a name, whatever was locked before.

    The weights are downloaded only where their SHA-256 is unknown.
    Raises NoWeights and what `find` and `obtain` raise.
    """
    source = find(name, locked=False)
    pin = source.spec.weights
    if pin is None:
        raise NoWeights(source.spec.name)
    if source.kind == "folder":
        raise LockError(
            f"{name} is a folder: what it holds is pinned in its config.json already."
        )
    if source.repository is None and (pin.sha256 is None or pin.size is None):
        _, pin = obtain(source, locked=False)
    return to_lock(source, pin)


def to_lock(source: Source, pin: Weights) -> Lock:
    """Return the lock of a source whose size and SHA-256 are known."""
    plugin = source.plugin
    if source.repository is not None:
        repository = source.repository
        return hub_repository.to_lock(
            source.name, repository, plugin.distribution, plugin.version
        )
    size, sha256 = pin.pinned
    return Lock(
        name=source.name,
        plugin=plugin.distribution,
        version=plugin.version,
        size=size,
        sha256=sha256,
        filename=pin.filename,
        repo=pin.repo or "",
        commit=pin.revision or "",
    )


def disagreement(source: Source, lock: Lock) -> str | None:
    """Return how a lock and the spec of a registered model differ, if they do."""
    pin, who = source.spec.weights, source.plugin
    if pin is None:
        other = "no weights."
    elif pin.sha256 is not None:
        other = f"{pin.sha256[:SHORT_HASH]}..."
    elif pin.moves:
        other = f"what {pin.revision!r} of {pin.repo} is at the first download."
    else:
        other = f"commit {(pin.revision or '')[:SHORT_HASH]}... of {pin.repo}."
    if pin is not None and _is_same_pin(lock, pin):
        return None
    return (
        f"pins {source.name!r} to SHA-256 {lock.sha256[:SHORT_HASH]}... of "
        f"{lock.plugin} {lock.version}, but {who.distribution} {who.version} pins "
        f"{other} Run 'zoo lock {source.name}' to accept that, or pip install "
        f"'{lock.plugin}=={lock.version}'."
    )


def _spec_of(config: Config, where: str | Path) -> tuple[ModelSpec, Plugin]:
    """Return the spec a config.json amounts to, and the plugin whose code it names."""
    known = installed()
    spec = config.spec(known.packages(), where)
    check_allowed(spec, known, where, config.distribution)
    return spec, known.packages()[spec.package]


def _repository(name: str, locked: bool) -> Source:
    repository = hub_repository.find(name, locked=locked)
    config = repository.config
    spec, plugin = _spec_of(config, name)
    return Source(
        name,
        replace(_with_local_files(spec, repository.folder), weights=repository.weights),
        plugin,
        repository.folder,
        "repository",
        config.parent,
        repository,
    )


def _with_local_files(spec: ModelSpec, folder: Path) -> ModelSpec:
    """Return the spec with the paths of the files that its input is read with."""
    located = spec.input.located(folder)
    return spec if located is spec.input else replace(spec, input=located)


def _hub_folder(pin: Weights | None) -> Path | None:
    """Return the folder of what lies beside weights on the Hub: in a store, or where
    the client keeps it."""
    if pin is None or pin.repo is None or pin.revision is None:
        return None
    home = f"models--{pin.repo.replace('/', '--')}"
    cached = paths.hub_cache_dir() / home / "snapshots" / pin.revision
    stored = (
        hub_repository.commit_folder(store, pin.repo, pin.revision)
        for store in paths.store_dirs()
    )
    return next(
        (f for f in stored if os.path.isfile(f / checkpoint_folder.TOKENIZER)), cached
    )


def _fetch_companions(spec: ModelSpec, pin: Weights) -> None:
    """Download the files that the input of a registered model is read with."""
    if pin.repo is not None and pin.revision is not None:
        for filename in spec.input.missing_files:
            hub_repository.fetch_small_file(pin.repo, pin.revision, filename, spec.name)


def _local_weights(
    folder: Path, pin: Weights, verify: Verify
) -> tuple[CheckedFile, Weights]:
    path = folder / checkpoint_folder.WEIGHTS
    blame = "Save the checkpoint again, or get another copy of the folder"
    if not path.is_file():
        raise CheckpointError(f"{path} is missing. {blame}.")
    return open_checked(path, pin, verify=verify, blame=blame), pin


def locked_pin(source: Source, pin: Weights) -> Weights:
    """Return the pin of a registered model, as locked or as trusted on first use.

    Raises LockError where the lock means other bytes.
    """
    lock = lockfile.find(source.name)
    if lock is not None and (problem := disagreement(source, lock)):
        raise LockError(f"{lockfile.lock_path()} {problem}")
    if pin.sha256 is None:
        lock = lock or lockfile.read_trusted().get(source.name)
        if lock is not None and _is_same_pin(lock, pin):
            lockfile.warn_of_bundle(lock)
            return lock.weights()
    return pin


def _is_same_pin(lock: Lock, pin: Weights) -> bool:
    """Return whether a lock and a pin mean the same bytes."""
    if pin.sha256 is not None:
        return pin.sha256 == lock.sha256
    commit = lock.commit if pin.moves else pin.revision
    return (lock.repo, lock.commit, lock.filename) == (pin.repo, commit, pin.filename)


def _trust_on_first_use(source: Source, pin: Weights) -> None:
    """Record the SHA-256 of weights whose plugin gives none, and warn."""
    lockfile.remember_trusted(to_lock(source, pin))
    warnings.warn(
        f"{source.name} is trusted on first use: {source.plugin.distribution} knows no "
        f"SHA-256 for it. The file from {pin.repo} has {pin.sha256}. "
        f"'zoo lock {source.name}' keeps that for your project.",
        TrustWarning,
        stacklevel=2,
    )
