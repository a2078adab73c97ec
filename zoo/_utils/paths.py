"""Folders on this machine: the caches, and those that a user configures."""

import os
import sys
from pathlib import Path

__all__ = [
    "cache_dir",
    "data_dirs",
    "hub_cache_dir",
    "is_hidden",
    "store_dir",
    "store_dirs",
]


def cache_dir() -> Path:
    """Return the zoo's own cache: `ZOO_CACHE`, or the user's cache folder."""
    configured = os.environ.get("ZOO_CACHE")
    if configured:
        return Path(configured).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "zoo"


def data_dirs() -> list[Path]:
    """Return the folders of `ZOO_DATA`, a path list; each has datasets by name."""
    configured = os.environ.get("ZOO_DATA", "")
    return [Path(part).expanduser() for part in configured.split(os.pathsep) if part]


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
    return [Path(part).expanduser() for part in configured.split(os.pathsep) if part]


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
    return Path(
        os.path.expandvars(configured or os.path.join(home, "hub"))
    ).expanduser()


def is_hidden(name: str) -> bool:
    """Return whether the name of a file or folder marks it as hidden."""
    return name.startswith((".", "__"))
