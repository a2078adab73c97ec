"""Turn "package.module:name" into the object it names."""

from importlib import import_module
from types import ModuleType
from typing import Any

from zoo.errors import PluginError

__all__ = ["load_module", "resolve"]


def resolve(reference: str, *, plugin: str) -> Any:
    """Import the module of `reference` and return the object that it names."""
    where, _, name = reference.partition(":")
    try:
        return getattr(load_module(where, plugin=plugin), name)
    except AttributeError as exc:
        raise PluginError(plugin, f"{reference!r} can't be loaded: {exc}") from exc


def load_module(name: str, *, plugin: str) -> ModuleType:
    """Import the module `name`. Raises PluginError, which blames `plugin`."""
    try:
        return import_module(name)
    except ImportError as exc:
        raise PluginError(plugin, f"{name!r} can't be imported: {exc}") from exc
