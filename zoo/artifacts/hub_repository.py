"""Checkpoint folders on the Hub: what `hf://user/name@commit` stands for.

Code is never loaded from there: config.json names a build function of an installed
plugin. Does not know torch.
"""

import os
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from zoo._utils import paths
from zoo._utils.schema import MAX_BYTES
from zoo.artifacts import (
    checked_file,
    checkpoint_folder,
    hub_download,
    lockfile,
    quarantine,
)
from zoo.artifacts.checkpoint_folder import Config
from zoo.artifacts.lockfile import Lock
from zoo.errors import (
    CheckpointError,
    IntegrityError,
    LockError,
    NotOnHub,
    OfflineError,
    TrustWarning,
    UnreachableError,
)
from zoo.specs import Weights
from zoo.specs.model_spec import COMMIT, REPOSITORY

__all__ = [
    "PREFIX",
    "SMALL_FILES",
    "Address",
    "Repository",
    "commit_folder",
    "fetch_small_file",
    "find",
    "parse",
    "to_lock",
    "trust",
]

PREFIX = "hf://"
MOST_GOLDEN = 256 << 20  # bytes: it holds an input and an output of a model
REVISION = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*", re.ASCII)
OPTIONAL_FILES = (
    checkpoint_folder.GOLDEN,
    checkpoint_folder.RECEIPT,
    checkpoint_folder.TOKENIZER,
)
SMALL_FILES = (
    checkpoint_folder.CONFIG,
    *OPTIONAL_FILES,
)  # what a load may need but for the weights


@dataclass(frozen=True, slots=True)
class Address:
    """A repository, and a commit, branch or tag of it."""

    repo: str
    revision: str

    @property
    def moves(self) -> bool:
        """Whether it is a branch or tag, which may name another commit later."""
        return not COMMIT.fullmatch(self.revision)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit: its small files, and the pin of its weights."""

    address: Address
    commit: str
    folder: Path
    config: Config
    weights: Weights
    config_sha256: str


def parse(name: str) -> Address:
    """Return the address of "hf://user/name" or "hf://user/name@revision"."""
    repo, sign, revision = name.removeprefix(PREFIX).partition("@")
    good = REPOSITORY.fullmatch(repo) and (not sign or REVISION.fullmatch(revision))
    if not good or ".." in name:
        raise CheckpointError(
            f"{name!r} is not the address of a repository: write hf://user/name, or "
            "hf://user/name@commit."
        )
    return Address(repo, revision or "main")


def find(name: str, *, locked: bool = True) -> Repository:
    """Return the repository of a name "hf://...", config.json fetched and checked.

    With `locked`, zoo.lock decides which commit a name means and what its bytes are.
    Raises CheckpointError, LockError, IntegrityError and what `hub_download.download`
    raises.
    """
    address = parse(name)
    lock = lockfile.find(name) if locked else None
    pinned = lock or lockfile.read_trusted().get(name)
    commit = lock.commit if lock else _commit(address, name, pinned)
    if pinned is not None and pinned.commit != commit:
        pinned = None
    folder = _find_in_stores(address.repo, commit) or _fetch_small_files(
        address.repo, commit, name
    )
    config_sha256 = checked_file.sha256_of(folder / checkpoint_folder.CONFIG)
    if pinned is not None and pinned.config not in ("", config_sha256):
        raise _changed_error(name, pinned, lock, checkpoint_folder.CONFIG)
    config = checkpoint_folder.read_config(folder)
    weights = replace(config.weights, repo=address.repo, revision=commit)
    if pinned is not None and pinned.sha256 != weights.sha256:
        raise _changed_error(name, pinned, lock, weights.filename)
    return Repository(address, commit, folder, config, weights, config_sha256)


def commit_folder(store: Path, repo: str, commit: str) -> Path:
    """Return where a store keeps the small files of a repository."""
    return store / "repositories" / repo / commit


def trust(name: str, repository: Repository, plugin: str, version: str) -> None:
    """Record the bytes of a name, and warn if no lock had fixed them before."""
    lock = to_lock(name, repository, plugin, version)
    previous = lockfile.read_trusted().get(name)
    if lockfile.find(name):
        return
    same = previous and replace(previous, plugin=plugin, version=version, bundle="")
    if previous and same == lock:  # a plugin's new version changes no bytes
        lockfile.warn_of_bundle(previous)
        return
    lockfile.remember_trusted(lock)
    moves = ""
    if repository.address.moves:
        moves = f", which is what {repository.address.revision!r} means now"
    warnings.warn(
        f"{name} is trusted on first use: commit {repository.commit}{moves}. "
        f"'zoo lock {name}' keeps it for your project.",
        TrustWarning,
        stacklevel=2,
    )


def to_lock(name: str, repository: Repository, plugin: str, version: str) -> Lock:
    """Return the lock that fixes a repository at its present commit."""
    size, sha256 = repository.weights.pinned
    return Lock(
        name=name,
        plugin=plugin,
        version=version,
        size=size,
        sha256=sha256,
        filename=repository.weights.filename,
        repo=repository.address.repo,
        commit=repository.commit,
        config=repository.config_sha256,
    )


def _commit(address: Address, name: str, pinned: Lock | None) -> str:
    """Return the commit of an address: the Hub's, or of `pinned` while offline."""
    if not address.moves:
        return address.revision
    try:
        return hub_download.resolve_revision(address.repo, address.revision, name=name)
    except (OfflineError, UnreachableError):
        if pinned is None:
            raise
        return pinned.commit


def _find_in_stores(repo: str, commit: str) -> Path | None:
    """Return the folder of a repository in the first store that has it."""
    places = (commit_folder(place, repo, commit) for place in paths.store_dirs())
    return next(
        (p for p in places if os.path.isfile(p / checkpoint_folder.CONFIG)), None
    )


def _fetch_small_files(repo: str, commit: str, name: str) -> Path:
    """Return the folder of a repository in the client's cache, filled."""
    folder = fetch_small_file(repo, commit, checkpoint_folder.CONFIG, name).parent
    for extra in OPTIONAL_FILES:
        try:
            _fetch_optional(repo, commit, extra, name)
        except (OfflineError, UnreachableError):
            break  # it loads without them
    return folder


def fetch_small_file(repo: str, commit: str, filename: str, name: str) -> Path:
    """Return a small file of a repository, checked by its ETag.

    Raises IntegrityError and what `hub_download.download` raises.
    """

    def fetch() -> Path:
        cached = hub_download.cached(repo, commit, filename)
        most = MOST_GOLDEN if filename == checkpoint_folder.GOLDEN else MAX_BYTES
        return cached or hub_download.download(
            repo, commit, filename, name=name, most=most
        )

    blame = "It is set aside. Load again; if it is wrong again, tell the Hub's owner"

    def judge(path: Path) -> Path:
        quarantine.check_etag(path, blame)
        return path

    return quarantine.fetch_verified(fetch, judge)


def _fetch_optional(repo: str, commit: str, filename: str, name: str) -> None:
    """Download a file that a repository may lack; its absence is recorded."""
    if not hub_download.is_known_missing(repo, commit, filename):
        with suppress(NotOnHub):
            fetch_small_file(repo, commit, filename, name)


def _changed_error(name: str, pinned: Lock, lock: Lock | None, file: str) -> Exception:
    where = lockfile.lock_path() if lock else lockfile.trusted_path()
    problem = (
        f"{file} of {name} at commit {pinned.commit[:8]} is not the one that {where} "
        "remembers"
    )
    if lock:
        return LockError(f"{problem}. If you trust it, run 'zoo lock {name}' again.")
    return IntegrityError(
        f"{paths.hub_cache_dir()}:", problem, f"If you trust it, delete {where}"
    )
