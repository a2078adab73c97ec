"""The hooks a plugin may implement: two, and both return data."""

from collections.abc import Iterable

import pluggy

from zoo.specs import DatasetSpec, ModelSpec

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
