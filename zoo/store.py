"""Where a weights file may come from, and the check that every source ends in."""

import hashlib
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from zoo import folders, hub
from zoo.errors import IntegrityError
from zoo.plugins import Plugin
from zoo.specs import ModelSpec, Weights

__all__ = ["Verify", "check", "digest", "locate", "package_folder", "shipped"]

Verify = Literal["stamp", "always"]
SMALL = 1 << 20  # hashed at every load: that costs less than looking for a stamp
SHORT = 12  # digits of a SHA-256 that a message shows


def locate(spec: ModelSpec, weights: Weights, plugin: Plugin) -> Path:
    """Return the file of a registered model's weights, not yet checked."""
    if weights.repo is not None:
        return hub.fetch(weights)
    path = shipped(spec) / weights.filename
    if not path.is_file():
        raise IntegrityError(str(path), "is missing", _reinstall(plugin))
    return path


def check(path: Path, weights: Weights, *, verify: Verify, blame: str) -> bool:
    """Refuse a file that is not the pinned one; return whether it was read for that.

    A big file that passed leaves a stamp, keyed by everything that changes when a file
    is written (device, inode, size, both times), and is not read again while it holds.
    """
    stat = path.stat()
    if weights.size is not None and stat.st_size != weights.size:
        problem = f"has {stat.st_size:,} bytes, but {weights.size:,} are pinned"
        raise IntegrityError(str(path), problem, blame)
    identity = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    key = hashlib.sha256(repr((*identity, stat.st_ctime_ns)).encode()).hexdigest()
    stamp = folders.cache() / "stamps" / key
    use_stamp = verify == "stamp" and stat.st_size >= SMALL
    if use_stamp and _read(stamp) == weights.sha256:
        return False
    found = digest(path)
    if found != weights.sha256:
        problem = (
            f"has SHA-256 {found[:SHORT]}..., but {weights.sha256[:SHORT]}... is pinned"
        )
        raise IntegrityError(str(path), problem, blame)
    if stat.st_size >= SMALL:
        _write(stamp, found)
    return True


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shipped(spec: ModelSpec) -> Path:
    """Return the checkpoint folder of a model inside its plugin's package."""
    return package_folder(spec.package) / "checkpoints" / spec.name


def package_folder(package: str) -> Path:
    """Return the folder of an installed package, without running more of it."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        return Path(package)  # not installed as a folder: nothing will be found there
    return Path(next(iter(found.submodule_search_locations)))


def _reinstall(plugin: Plugin) -> str:
    return (
        f"Plugin {plugin.name!r} ships this file: run "
        f"pip install --force-reinstall {plugin.distribution}"
    )


def blame(weights: Weights, plugin: Plugin) -> str:
    """Return what to do about a wrong file of a registered model."""
    if weights.repo is None:
        return _reinstall(plugin)
    return "Delete the file and load again; if that fails too, tell the plugin's author"


def _read(stamp: Path) -> str:
    try:
        return stamp.read_text()
    except OSError:
        return ""


def _write(stamp: Path, sha256: str) -> None:
    with suppress(OSError):  # a read-only cache only costs time: it is hashed again
        folders.replace_file(stamp, sha256.encode())
