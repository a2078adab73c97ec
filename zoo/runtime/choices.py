"""What a setting chooses by its name."""

from collections.abc import Mapping
from typing import Any

from zoo.runtime import SettingsError
from zoo.runtime.input_errors import near

__all__ = ["find"]


def find(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    """Return what a name stands for. Raises SettingsError, which tells the others."""
    if name not in known:
        listing = ", ".join(known)
        raise SettingsError(
            f"No {kind} {name!r}. {near(name, known)}There are: {listing}."
        )
    return known[name]
