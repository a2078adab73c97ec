"""Look up what a setting names: an activation, a loss, an optimizer."""

from collections.abc import Mapping
from typing import Any

from zoo.runtime import ZooError
from zoo.runtime.input_errors import near

__all__ = ["SettingsError", "find_choice"]


class SettingsError(ZooError):
    """A recipe was given a setting it does not have, or a value of the wrong type."""


def find_choice(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    """Return what a name stands for. Raises SettingsError, which lists all names."""
    if name not in known:
        listing = ", ".join(known)
        raise SettingsError(
            f"No {kind} {name!r}. {near(name, known)}There are: {listing}."
        )
    return known[name]
