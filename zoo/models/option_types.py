"""Whether options are of the types that a build function declares for them, and in
proportion to the weights."""

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

__all__ = ["misfit", "out_of_proportion"]

MOST_VALUES = 1 << 14  # of one option
PLAIN: dict[Any, Any] = {int: Integral, float: Real, str: str, type(None): type(None)}


def misfit(make: Callable[..., Any], options: Mapping[str, Any]) -> str:
    """Return what is wrong with the type of an option, or "".

    A whole number counts as a float, a list as a tuple, and whatever is not declared
    with a type that is known here fits.

        >>> misfit(build, {"hidden": "many"})
        "hidden='many' should be of the type int."
    """
    made: Any = vars(make).get("__init__", make) if isinstance(make, type) else make
    try:
        declared = get_type_hints(made)
    except (NameError, TypeError):  # names that only a type checker sees
        return ""
    for name, value in options.items():
        if name in declared and not _fits(value, declared[name]):
            return f"{name}={_short(value)} should be {_shown(declared[name])}."
    return ""


def out_of_proportion(options: Mapping[str, Any], most: int) -> str:
    """Return which option holds a whole number of more than `most`, or more values than
    any model takes, or "".

        >>> out_of_proportion({"hidden": (3, 10**9)}, 10**6)
        "hidden=(3, 1000000000) is out of proportion to the weights."
    """
    for name, value in options.items():
        for number, one in enumerate(_values(value), start=1):
            if isinstance(one, int) and abs(one) > most:
                return f"{name}={_short(value)} is out of proportion to the weights."
            if number > MOST_VALUES:
                return f"{name} has more than {MOST_VALUES:,} values."
    return ""


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _values(one)
    else:
        yield value


def _fits(value: Any, kind: Any) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inner)
    if kind is bool:
        return isinstance(value, bool)
    if kind in PLAIN:
        return isinstance(value, PLAIN[kind]) and not isinstance(value, bool)
    if origin in (tuple, list, Sequence):
        return isinstance(value, list | tuple) and _all_fit(value, origin, inner)
    return True


def _all_fit(values: Sequence[Any], origin: Any, inner: tuple[Any, ...]) -> bool:
    if origin is tuple and inner[-1:] != (...,):
        pairs = zip(values, inner, strict=False)
        return len(values) == len(inner) and all(_fits(v, k) for v, k in pairs)
    return all(_fits(value, inner[0]) for value in values) if inner else True


def _shown(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(repr, get_args(kind)))}"
    text = kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
    return f"of the type {text.replace('collections.abc.', '').replace('typing.', '')}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
