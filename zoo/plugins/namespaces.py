"""Names "prefix/...": models of a library, which a plugin resolves when it is asked.

Nothing of the library is imported before that. Does not know torch, but a plugin's
functions may.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from zoo._utils.import_string import resolve
from zoo.errors import PluginError, ZooError
from zoo.plugins.discovery import Installed, Plugin, warn_of_clash
from zoo.specs import ModelSpec

__all__ = ["find_model", "names_matching"]


def find_model(name: str, known: Installed) -> tuple[ModelSpec, Plugin] | None:
    """Return the spec of a registered name or of a name in a namespace, and its plugin.

    None where the name is neither. Raises ModelNotFound for a name that its namespace
    doesn't know, PluginError, and what the plugin's function raises on purpose.
    """
    if name in known.models:
        warn_of_clash(known, "model", name)
        return known.models[name], known.providers[name]
    prefix, slash, rest = name.partition("/")
    if not slash or prefix not in known.namespaces:
        return None
    warn_of_clash(known, "namespace", prefix)
    namespace, plugin = known.namespaces[prefix]
    spec = _call(namespace.resolve, plugin, rest)
    is_spec = isinstance(spec, ModelSpec)
    if not is_spec or (spec.name, spec.build) != (name, namespace.build):
        found = f"{spec.name!r} with build={spec.build!r}" if is_spec else repr(spec)
        raise PluginError(
            plugin.name,
            f"{namespace.resolve!r} returned {found} for {name!r}. It should return a "
            f"ModelSpec of that name with build={namespace.build!r}.",
        )
    return spec, plugin


def names_matching(pattern: str, known: Installed) -> list[str] | None:
    """Return the names of a namespace that match a pattern such as "acme/net*".

    None where the pattern begins with no namespace.
    """
    prefix, slash, rest = pattern.partition("/")
    if not slash or prefix not in known.namespaces:
        return None
    namespace, plugin = known.namespaces[prefix]
    names = map(str, _call(namespace.names, plugin))
    return sorted(f"{prefix}/{name}" for name in names if fnmatchcase(name, rest))


def _call(reference: str, plugin: Plugin, *given: Any) -> Any:
    """Call a plugin's function. What it does not raise on purpose blames the plugin."""
    function: Callable[..., Any] = resolve(reference, plugin=plugin.name)
    try:
        return function(*given)
    except ZooError:
        raise
    except Exception as exc:
        raise PluginError(
            plugin.name,
            f"{reference!r} failed for {given} ({type(exc).__name__}: {exc}).",
        ) from exc
