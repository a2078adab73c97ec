"""Find the installed plugins, and ask each for what it brings: models and datasets,
namespaces and commands.

Each spec is completed from the plugin's `measured.json`.

A plugin is any distribution with an entry point in the group "zoo". The plugins in
this repository are no exception: nothing here, or anywhere in the core, knows a
plugin by name.
"""

import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple, TypeVar

import pluggy

from zoo._utils.import_string import root_package
from zoo.errors import DuplicateName, PluginError, near
from zoo.plugins import hookspecs, measured
from zoo.specs import Command, DatasetSpec, ModelSpec, Namespace

__all__ = ["Installed", "Plugin", "discover", "installed", "warn_of_clash"]

GROUP = "zoo"
HOOKS = ("zoo_models", "zoo_datasets", "zoo_namespaces", "zoo_commands")
Spec = TypeVar("Spec", ModelSpec, DatasetSpec, Namespace, Command)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed plugin: its entry point, its package, and its distribution."""

    name: str
    package: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Installed:
    """All models, datasets and commands by name, namespaces by prefix, plugins, and
    failures."""

    models: dict[str, ModelSpec]
    datasets: dict[str, DatasetSpec]
    providers: dict[str, Plugin]  # by model name
    makers: dict[str, Plugin]  # by dataset name
    plugins: tuple[Plugin, ...]
    failures: tuple[PluginError, ...]
    namespaces: dict[str, tuple[Namespace, Plugin]] = field(default_factory=dict)
    commands: dict[str, tuple[Command, Plugin]] = field(default_factory=dict)

    def packages(self) -> dict[str, Plugin]:
        """Return the plugins by import package."""
        return {plugin.package: plugin for plugin in self.plugins}

    def broken(self) -> tuple[str, ...]:
        """Return the names of the plugins that could not be loaded."""
        loaded = {plugin.name for plugin in self.plugins}
        failed = dict.fromkeys(failure.plugin for failure in self.failures)
        return tuple(name for name in failed if name not in loaded)


def warn_of_clash(known: Installed, kind: str, name: str) -> None:
    """Warn where another plugin gives the same name to a model, dataset or namespace.

    The first plugin in alphabetical order has the name: it may have taken it over.
    """
    for failure in known.failures:
        if isinstance(failure, DuplicateName) and (failure.kind, failure.name) == (
            kind,
            name,
        ):
            warnings.warn(str(failure), stacklevel=3)


@cache
def installed() -> Installed:
    """Return what is installed; it is looked up once per process."""
    return discover()


def discover(entries: Iterable[EntryPoint] | None = None) -> Installed:
    """Load every plugin. One that fails is reported, and does not stop the others."""
    if entries is None:
        entries = [e for e in entry_points(group=GROUP) if not _is_leftover(e)]
    plugins: list[Plugin] = []
    failures: list[PluginError] = []
    models: dict[str, tuple[ModelSpec, Plugin]] = {}
    datasets: dict[str, tuple[DatasetSpec, Plugin]] = {}
    namespaces: dict[str, tuple[Namespace, Plugin]] = {}
    commands: dict[str, tuple[Command, Plugin]] = {}
    for entry in sorted(entries, key=lambda e: (e.name, e.value)):
        had_torch = "torch" in sys.modules
        try:
            found = _specs_of(entry)
            found_models = measured.complete(found.models, _package(entry), entry.name)
        except PluginError as exc:
            failures.append(exc)
            continue
        except KeyboardInterrupt as exc:
            if not _is_own(exc):
                raise  # the user's
            failures.append(_failure(entry, exc))
            continue
        except BaseException as exc:  # noqa: BLE001 - a plugin may raise anything at all
            failures.append(_failure(entry, exc))
            continue
        if "torch" in sys.modules and not had_torch:
            failures.append(PluginError(entry.name, HEAVY_IMPORTS))
        plugins.append(_plugin(entry))
        failures += _register(found_models, plugins[-1], models, "model")
        failures += _register(found.datasets, plugins[-1], datasets, "dataset")
        failures += _register(found.namespaces, plugins[-1], namespaces, "namespace")
        failures += _register(found.commands, plugins[-1], commands, "command")
    return Installed(
        models={name: spec for name, (spec, _) in models.items()},
        datasets={name: spec for name, (spec, _) in datasets.items()},
        providers={name: plugin for name, (_, plugin) in models.items()},
        makers={name: plugin for name, (_, plugin) in datasets.items()},
        plugins=tuple(plugins),
        failures=tuple(failures),
        namespaces=namespaces,
        commands=commands,
    )


def _register(
    specs: Iterable[Spec],
    plugin: Plugin,
    taken: dict[str, tuple[Spec, Plugin]],
    kind: str,
) -> Iterator[PluginError]:
    """Add specs under their names; yield an error for each name that is taken."""
    for spec in specs:
        name = spec.prefix if isinstance(spec, Namespace) else spec.name
        if name in taken:
            yield DuplicateName(kind, name, taken[name][1].name, plugin.name)
        else:
            taken[name] = (spec, plugin)


HEAVY_IMPORTS = (
    "imports torch when it is imported, which makes every 'zoo' command slow. Move the "
    "import into the module that ModelSpec.build names."
)


class _Found(NamedTuple):
    """What one plugin registers."""

    models: list[ModelSpec]
    datasets: list[DatasetSpec]
    namespaces: list[Namespace]
    commands: list[Command]


def _specs_of(entry: EntryPoint) -> _Found:
    # A manager for each plugin: pluggy's own loader stops at the first plugin that
    # fails to import, and drops the second of two entry points of the same name.
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(entry.load(), name=entry.name)
    unknown = [
        name
        for name in dir(manager.hook)
        if not name.startswith("_") and name not in HOOKS
    ]
    if unknown:
        hint = near(unknown[0], HOOKS) or f"Hooks: {', '.join(HOOKS)}. "
        raise LookupError(f"unknown hook {unknown[0]!r}. {hint.strip()}")
    models = [spec for specs in manager.hook.zoo_models() for spec in specs]
    datasets = [spec for specs in manager.hook.zoo_datasets() for spec in specs]
    namespaces = [one for some in manager.hook.zoo_namespaces() for one in some]
    commands = [one for some in manager.hook.zoo_commands() for one in some]
    if not models and not datasets and not namespaces and not commands:
        raise LookupError(
            f"{entry.value} registers no models, datasets, namespaces or commands"
        )
    for spec in models:
        _require(spec, ModelSpec)
        if "/" in spec.name:
            raise ValueError(
                f"the name {spec.name!r} belongs to a namespace: implement "
                "zoo_namespaces, or name the model without '/'"
            )
    for spec in datasets:
        _require(spec, DatasetSpec)
    for spec in namespaces:
        _require(spec, Namespace)
    for spec in commands:
        _require(spec, Command)
    return _Found(models, datasets, namespaces, commands)


def _require(spec: object, kind: type) -> None:
    if not isinstance(spec, kind):
        raise TypeError(f"{spec!r} is not a {kind.__name__}")


def _plugin(entry: EntryPoint) -> Plugin:
    made_by, distribution, version = entry.dist, None, None
    with suppress(Exception):  # its metadata is damaged, or missing
        distribution = made_by.name if made_by else None
        version = made_by.version if made_by else None
    return Plugin(
        name=entry.name,
        package=_package(entry),
        distribution=distribution or entry.name,
        version=version or "unknown",
    )


def _package(entry: EntryPoint) -> str:
    return root_package(entry.module)  # without extras, and without spaces


def _is_leftover(entry: EntryPoint) -> bool:
    """Return whether pip could not remove the distribution, and renamed it for that."""
    place = getattr(entry.dist, "_path", None)
    return getattr(place, "name", "").startswith("~")


def _is_own(exc: BaseException) -> bool:
    """Return whether a line of the plugin itself raises this: it has `raise` in it."""
    where = traceback.extract_tb(exc.__traceback__)[-1]
    return (where.line or "").lstrip().startswith("raise")


def _failure(entry: EntryPoint, exc: BaseException) -> PluginError:
    where = traceback.extract_tb(exc.__traceback__)[-1]
    try:
        text = str(exc)
    except Exception as broken:  # noqa: BLE001 - of a plugin as well
        text = f"its text raises {type(broken).__name__}"
    name = type(exc).__name__
    said = f"{name}: {text}" if text else name
    problem = f"{said} ({where.filename}:{where.lineno})"
    error = PluginError(entry.name, problem)
    error.__cause__ = exc
    return error
