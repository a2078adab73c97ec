"""Find the weights file of a model, and check it whatever its source.

Sources, in order: the plugin's package, the stores (`ZOO_STORE`, the user's own, a
shared one), the cache of the Hub's client, the Hub. Does not know torch.
"""

import os
import warnings
from importlib.util import find_spec
from pathlib import Path

from zoo._utils import paths as folders
from zoo.artifacts import hub_download
from zoo.artifacts.checked_file import CheckedFile, Verify, open_checked
from zoo.artifacts.quarantine import check_etag, fetch_verified
from zoo.errors import IntegrityError
from zoo.plugins.discovery import Plugin
from zoo.specs import ModelSpec, Weights

__all__ = [
    "is_cached",
    "object_path",
    "obtain",
    "package_folder",
    "reinstall_advice",
    "shipped_checkpoint",
]


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
