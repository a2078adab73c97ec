"""Folders on this machine: the caches, and those that a user configures."""

import ntpath
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from stat import S_ISDIR

from zoo.errors import ZooError

__all__ = [
    "cache_dir",
    "data_dirs",
    "expand_home",
    "hub_cache_dir",
    "is_hidden",
    "is_homeless",
    "leads_out",
    "store_dir",
    "store_dirs",
]


def cache_dir() -> Path:
    """Return the zoo's own cache: `ZOO_CACHE`, or the user's cache folder."""
    configured = os.environ.get("ZOO_CACHE")
    if configured:
        return _expanded(configured, "ZOO_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return _expanded(base, "XDG_CACHE_HOME") / "zoo"


def data_dirs() -> list[Path]:
    """Return the folders of `ZOO_DATA`, a path list; each has datasets by name."""
    configured = os.environ.get("ZOO_DATA", "")
    return _path_list(configured, "ZOO_DATA")


def store_dirs() -> list[Path]:
    """Return the folders in which weights are looked for, in this order.

    Those of `ZOO_STORE` (a path list), the user's own, and what an administrator or an
    image provides read-only: `zoo/store` in the folders of `XDG_DATA_DIRS`.
    """
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    system = [Path(part) / "zoo" / "store" for part in shared.split(os.pathsep) if part]
    return [*_env_store_dirs(), cache_dir() / "store", *system]


def store_dir() -> Path:
    """Return the folder that weights are written to."""
    return [*_env_store_dirs(), cache_dir() / "store"][0]


def _env_store_dirs() -> list[Path]:
    configured = os.environ.get("ZOO_STORE", "")
    return _path_list(configured, "ZOO_STORE")


def hub_cache_dir() -> Path:
    """Return the cache of huggingface_hub, without importing it."""
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:  # it reads the environment once, and may be set after
        return Path(constants.HF_HUB_CACHE)
    configured = os.environ.get("HF_HUB_CACHE") or os.environ.get(
        "HUGGINGFACE_HUB_CACHE"
    )
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or os.path.join(base, "huggingface")
    place = os.path.expandvars(configured or os.path.join(home, "hub"))
    return _expanded(place, "HF_HOME")


def is_homeless() -> bool:
    """Return whether nobody knows the user's home: no HOME, and no such user here."""
    return os.path.expanduser("~") == "~"


def expand_home(path: str, variable: str) -> Path:
    """Return a path in which "~" is the user's home. Raises ZooError, which names the
    variable that holds the path."""
    return _expanded(path, variable)


def _path_list(paths: str, variable: str) -> list[Path]:
    return [_expanded(part, variable) for part in paths.split(os.pathsep) if part]


def _expanded(path: str, variable: str) -> Path:
    """Return a path in which "~" is the user's home, or else a folder for this user.

    In a container, a user may have neither a home nor a name.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as exc:
        if path != "~" and not path.startswith("~/"):
            user = path.partition("/")[0]
            raise ZooError(
                f"{variable}={path!r}: there is no user {user!r} on this machine. "
                "Write the folder in full."
            ) from exc
        return _temporary_home() / path[2:]


@cache
def _temporary_home() -> Path:
    """Return a folder that only this user may write to, for as long as it is there."""
    place = Path(tempfile.gettempdir()) / f"zoo-home-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        known = place.lstat()
        private = S_ISDIR(known.st_mode) and not known.st_mode & 0o022
        if private and known.st_uid == os.getuid():
            return place
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="zoo-home-"))  # of another, or a link


def is_hidden(name: str) -> bool:
    """Return whether the name of a file or folder marks it as hidden."""
    return name.startswith((".", "__"))


def leads_out(value: str) -> bool:
    """Return whether a path that is written in a file leads out of its folder."""
    plain = value.replace("\\", "/")
    drive = ntpath.splitdrive(value)[0]
    normal = os.path.normpath(plain)
    return bool(drive) or plain.startswith(("/", "~")) or normal.split("/")[0] == ".."
