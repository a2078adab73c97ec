"""Inputs and outputs as plain data for JSON, and back."""

from dataclasses import asdict, fields
from functools import cache
from typing import Any, ClassVar, Self

from zoo._utils import schema

__all__ = ["SpecPart", "as_tuples"]


class SpecPart:
    """A frozen dataclass that config.json stores; its `kind` names the class.

    A subclass that gives `kind` a default is registered by that alone. Fields with
    `saved=False` in their metadata belong to this machine and are not stored.
    """

    __slots__ = ()
    kind: str
    kinds: ClassVar[dict[str, type[Any]]] = {}

    def __init_subclass__(cls) -> None:
        # With slots a dataclass is made twice, and only at first `kind` is a string.
        declared = cls.__dict__.get("__dataclass_fields__", {})
        kind = declared["kind"].default if declared else cls.__dict__.get("kind")
        if isinstance(kind, str):
            cls.kinds[kind] = cls

    def to_plain(self) -> dict[str, Any]:
        """Return the fields as plain data for JSON."""
        hidden = _unsaved(type(self))  # type: ignore[arg-type]  # classes can be keys
        plain = asdict(self)  # type: ignore[call-overload]  # every part is a dataclass
        return {name: value for name, value in plain.items() if name not in hidden}

    @classmethod
    def from_plain(cls, raw: Any) -> Self:
        """Return the object of plain data, as `to_plain` gave it.

        Raises Malformed, which is a ValueError, and SpecError.
        """
        return schema.convert(raw, cls)


def as_tuples(value: Any) -> Any:
    """Return a list, and every list in it, as a tuple; anything else as it is."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


@cache
def _unsaved(make: type[Any]) -> frozenset[str]:
    unsaved = (f.name for f in fields(make) if not f.metadata.get("saved", True))
    return frozenset(unsaved)
