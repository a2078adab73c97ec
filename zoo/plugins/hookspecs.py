"""The hooks a plugin may implement: four, and all return data."""

from collections.abc import Iterable

import pluggy

from zoo.specs import Command, DatasetSpec, ModelSpec, Namespace

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("zoo")
hookimpl = pluggy.HookimplMarker("zoo")


@hookspec
def zoo_models() -> Iterable[ModelSpec]:  # type: ignore[empty-body]
    """Return the specs of the models this plugin provides.

    Called once, at the first look-up. The module that implements it must not import
    torch, at the top or inside the hook: name the code in `ModelSpec.build` instead.
    """


@hookspec
def zoo_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Return the specs of the datasets this plugin knows where to find.

    Called once, at the first look-up. Nothing may be read or fetched here: name the
    place in the spec.
    """


@hookspec
def zoo_namespaces() -> Iterable[Namespace]:  # type: ignore[empty-body]
    """Return the namespaces of this plugin: libraries whose models go by "prefix/name".

    Called once, at the first look-up. The library must not be imported here: its names
    are resolved by the functions that the namespace names, when one is asked for.
    """


@hookspec
def zoo_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Return the commands that this plugin adds to `zoo`.

    Called once, at the first look-up. What a command does is imported when it is run:
    name it in `Command.run`.
    """
