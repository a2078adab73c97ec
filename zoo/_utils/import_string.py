"""Turn "package.module:name" into the object it names."""

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from zoo.errors import PluginError

__all__ = ["load_module", "resolve", "root_package"]


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


@lru_cache(maxsize=4096)
def root_package(module: str) -> str:
    """Return the outermost package of a module that is no namespace package.

    A namespace is shared by several distributions: of "acme.zoo_net.model" this is
    "acme.zoo_net". No code is run. The first name where nothing is installed.
    """
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            break
        if spec is None:
            break
        if spec.origin is not None:  # a namespace has no file of its own
            return name
    return parts[0]
