"""Inputs and outputs as plain data for JSON, and back."""

from dataclasses import asdict, fields, is_dataclass
from functools import cache
from typing import Any, ClassVar, Self, get_args, get_type_hints

__all__ = ["SpecPart", "as_tuples"]


class SpecPart:
    """A frozen dataclass that config.json stores; its `kind` names the class.

    A subclass that gives `kind` a default is registered by that alone. Fields with
    `saved=False` in their metadata belong to this machine and are not stored.
    """

    __slots__ = ()
    kind: str
    what: ClassVar[str] = "part"  # in the message about a kind that nobody knows
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
    def from_plain(cls, raw: dict[str, Any]) -> Self:
        """Return the object of plain data, as `to_plain` gave it.

        Raises KeyError, ValueError, TypeError, SpecError."""
        make = cls.kinds.get(raw["kind"])
        if make is None:
            raise ValueError(f"unknown {cls.what} {raw['kind']!r}")
        part: Self = _construct(make, raw)
        return part


def as_tuples(value: Any) -> Any:
    """Return a list, and every list in it, as a tuple; anything else as it is."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def _construct(make: type[Any], raw: dict[str, Any]) -> Any:
    hints = _hints(make)  # type: ignore[arg-type]
    hidden = _unsaved(make)  # type: ignore[arg-type]
    for name in hidden & {*raw}:  # a file may not say which other file to read
        raise ValueError(f"unknown entry {name!r}")
    return make(**{name: _value(hints.get(name), raw[name]) for name in raw})


def _value(hint: Any, value: Any) -> Any:
    """Return a value as its field has it: lists are tuples, and dicts may be parts."""
    if is_dataclass(hint):
        return _construct(hint, value)  # type: ignore[arg-type]  # a class, not an instance
    inner = next(filter(is_dataclass, get_args(hint)), None)
    if inner is not None and isinstance(value, list | tuple):
        return tuple(_value(inner, item) for item in value)
    return as_tuples(value)


@cache
def _hints(make: type[Any]) -> dict[str, Any]:
    return get_type_hints(make)


@cache
def _unsaved(make: type[Any]) -> frozenset[str]:
    unsaved = (f.name for f in fields(make) if not f.metadata.get("saved", True))
    return frozenset(unsaved)
