"""A recipe's settings: a frozen dataclass, changed by "key=value" words."""

import math
import types
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from zoo.errors import SettingsError, near

__all__ = ["check_ranges", "parse", "parse_setting", "require", "with_values"]

TRUE_WORDS, FALSE_WORDS = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
POSITIVE, NON_NEGATIVE, FRACTION = "above zero", "zero or more", "from 0 to below 1"
# What settings of these names mean, whatever the recipe.
SEED = "a whole number from 0 on, below 2**32"
RANGES = {
    "seed": (0, 2**32, SEED),  # what NumPy and scikit-learn take
    **dict.fromkeys(
        ("lr", "rate", "epochs", "batch", "batch_size"), (0.0, math.inf, POSITIVE)
    ),
    **dict.fromkeys(("iterations", "n_init"), (0.0, math.inf, POSITIVE)),
    **dict.fromkeys(("weight_decay", "l1", "l2"), (0.0, math.inf, NON_NEGATIVE)),
    **dict.fromkeys(("holding", "val_fraction", "dropout"), (0.0, 1.0, FRACTION)),
}
TYPE_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
}


def parse(words: Iterable[str]) -> dict[str, str]:
    """Split "key=value" words, the last of equal keys winning."""
    pairs = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or not key.strip():
            raise SettingsError(f"{word!r} should be KEY=VALUE, such as lr=0.001.")
        pairs[key.strip()] = value.strip()
    return pairs


def with_values(settings: Any, values: Mapping[str, object]) -> Any:
    """Return `settings` with `values`, each of which must be of its field's type.

    Text is read as that type: "3" for an int, "a,b" for a tuple, "none" for None.
    """
    for key in values:
        require(settings, key)
    typed = {key: parse_setting(settings, key, value) for key, value in values.items()}
    try:
        return replace(settings, **typed)
    except ValueError as exc:  # a recipe checks its own ranges in __post_init__
        raise SettingsError(str(exc)) from exc


def check_ranges(settings: Any) -> None:
    """Refuse a number out of the range that its name gives it in every recipe."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        low, high, expected = RANGES.get(field.name, (-math.inf, math.inf, ""))
        if not expected or not isinstance(value, (int, float)):
            continue
        if value < low or value >= high or (expected == POSITIVE and value == low):
            raise SettingsError(
                f"Setting {field.name!r}: {value!r} should be {expected}."
            )


def parse_setting(settings: Any, key: str, value: object) -> object:
    """Return `value` as the type of the setting `key`."""
    require(settings, key)
    kind = get_type_hints(type(settings))[key]
    try:
        return _parse_value(value, kind)
    except ValueError:
        raise SettingsError(
            f"Setting {key!r}: {value!r} should be {_expected(kind)}."
        ) from None


def require(settings: Any, key: str) -> None:
    """Refuse a key that is no setting, with what comes near it."""
    names = [field.name for field in fields(settings)]
    if key not in names:
        listing = ", ".join(names) or "none"
        raise SettingsError(
            f"No setting {key!r}. {near(key, names)}Settings: {listing}."
        )


def _parse_value(value: object, kind: Any) -> object:
    """Return `value` as `kind`; raise ValueError where that can't be."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()  # a number of NumPy
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if origin is Literal:
        return _choice(value, parts)
    if origin in (Union, types.UnionType):
        return _either(value, parts)
    if origin is tuple:
        return _parse_tuple(value, parts)
    if kind is bool:
        return _parse_bool(value)
    if kind in (int, float):
        return _parse_number(value, kind)
    if kind is Any or isinstance(value, origin):
        return value
    if not isinstance(value, str):
        raise ValueError
    with suppress(TypeError):  # a class that is not made from one word
        return kind(value)
    raise ValueError


def _choice(value: object, parts: tuple[Any, ...]) -> object:
    for part in parts:
        if value == part and type(value) is type(part):
            return part
    for part in parts:
        if isinstance(value, str) and value == str(part):
            return part
    raise ValueError


def _either(value: object, parts: tuple[Any, ...]) -> object:
    if type(None) in parts:
        if value is None or (isinstance(value, str) and value.lower() in ("none", "")):
            return None
        parts = tuple(part for part in parts if part is not type(None))
    for part in parts:
        with suppress(ValueError):
            return _parse_value(value, part)
    raise ValueError


def _parse_tuple(value: object, parts: tuple[Any, ...]) -> tuple[object, ...]:
    if isinstance(value, str):
        words = value.strip("()[] ").split(",")
        value = [word.strip() for word in words if word.strip()]
    if not isinstance(value, (list, tuple)):
        raise ValueError
    if not parts or parts[-1] is Ellipsis:
        parts = (parts[0] if parts else str,) * len(value)
    return tuple(_parse_value(*pair) for pair in zip(value, parts, strict=True))


def _parse_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in TRUE_WORDS | FALSE_WORDS:
        return value.lower() in TRUE_WORDS
    raise ValueError


def _parse_number(value: object, kind: type[int] | type[float]) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError
    if kind is int and isinstance(value, float):
        raise ValueError
    with suppress(OverflowError):
        number = kind(value)
        if not math.isnan(number):
            return number
    raise ValueError


def _expected(kind: Any) -> str:
    """Return what a type takes, in words for an error message."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(map(str, parts))
    if origin in (Union, types.UnionType):
        words = [_expected(part) for part in parts if part is not type(None)]
        return " or ".join(words + ["none"] * (type(None) in parts))
    if origin is tuple:
        if parts[-1] is Ellipsis:
            return f"values separated by commas, each {_expected(parts[0])}"
        return f"{len(parts)} values ({', '.join(map(_expected, parts))})"
    return TYPE_NAMES.get(kind) or str(getattr(kind, "__name__", kind))
