"""Specs as objects with attributes: dataclasses in the zoo, JSON elsewhere."""

from dataclasses import is_dataclass, replace
from types import SimpleNamespace
from typing import Any

__all__ = ["replace_values"]


def replace_values(spec: Any, **values: Any) -> Any:
    """Return a copy of a spec with other values."""
    if is_dataclass(spec) and not isinstance(spec, type):
        return replace(spec, **values)
    return SimpleNamespace(**{**vars(spec), **values})
