"""Signatures as plain data: what JSON holds of them, made what they were."""

from dataclasses import asdict, fields, is_dataclass
from functools import cache
from typing import Any, ClassVar, Self, get_args, get_type_hints

__all__ = ["SpecPart", "as_tuples"]


class SpecPart:
    """A frozen dataclass that config.json holds, and that its `kind` is read back by.

    A subclass that gives `kind` a default is known by it: nothing else registers it.
    Fields whose metadata says `saved=False` are of this machine, and stay here.
    """

    __slots__ = ()
    kind: str
    what: ClassVar[str] = "part"  # in the message about a kind that nobody knows
    kinds: ClassVar[dict[str, type[Any]]] = {}

    def __init_subclass__(cls) -> None:
        # With slots a dataclass is made twice, and only at first `kind` is a string.
        made = cls.__dict__.get("__dataclass_fields__", {})
        kind = made["kind"].default if made else cls.__dict__.get("kind")
        if isinstance(kind, str):
            cls.kinds[kind] = cls

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON holds of this."""
        hidden = _unsaved(type(self))  # type: ignore[arg-type]  # classes can be keys
        plain = asdict(self)  # type: ignore[call-overload]  # every part is a dataclass
        return {name: value for name, value in plain.items() if name not in hidden}

    @classmethod
    def from_plain(cls, raw: dict[str, Any]) -> Self:
        """Return what `to_plain` made this of. Raises KeyError, ValueError, TypeError,
        SpecError."""
        make = cls.kinds.get(raw["kind"])
        if make is None:
            raise ValueError(f"unknown {cls.what} {raw['kind']!r}")
        made: Self = _made(make, raw)
        return made


def as_tuples(value: Any) -> Any:
    """Return a list, and every list in it, as a tuple; anything else as it is."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def _made(make: type[Any], raw: dict[str, Any]) -> Any:
    hints = _hints(make)  # type: ignore[arg-type]
    hidden = _unsaved(make)  # type: ignore[arg-type]
    for name in hidden & {*raw}:  # a file may not say which other file to read
        raise ValueError(f"unknown entry {name!r}")
    return make(**{name: _value(hints.get(name), raw[name]) for name in raw})


def _value(hint: Any, value: Any) -> Any:
    """Return a value as its field has it: lists are tuples, and dicts may be parts."""
    if is_dataclass(hint):
        return _made(hint, value)  # type: ignore[arg-type]  # a class, not an instance
    inner = next(filter(is_dataclass, get_args(hint)), None)
    if inner is not None and isinstance(value, list | tuple):
        return tuple(_value(inner, one) for one in value)
    return as_tuples(value)


@cache
def _hints(make: type[Any]) -> dict[str, Any]:
    return get_type_hints(make)


@cache
def _unsaved(make: type[Any]) -> frozenset[str]:
    found = (f.name for f in fields(make) if not f.metadata.get("saved", True))
    return frozenset(found)
