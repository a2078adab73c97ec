"""A recipe's settings: a frozen dataclass, changed by "key=value" words."""

import types
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from zoo.errors import SettingsError, near

__all__ = ["change", "parse"]

YES, NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def parse(words: Iterable[str]) -> dict[str, str]:
    """Split "key=value" words, the last of equal keys winning."""
    pairs = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or not key:
            raise SettingsError(f"{word!r} should be KEY=VALUE, such as lr=0.001.")
        pairs[key.strip()] = value.strip()
    return pairs


def change(settings: Any, values: Mapping[str, object]) -> Any:
    """Return `settings` with `values`; text is read as the type of its field."""
    kinds = get_type_hints(type(settings))
    names = [field.name for field in fields(settings)]
    for key in values:
        if key not in names:
            listing = ", ".join(names)
            raise SettingsError(
                f"No setting {key!r}. {near(key, names)}Settings: {listing}."
            )
    read = {
        key: _read(key, value, kinds[key]) if isinstance(value, str) else value
        for key, value in values.items()
    }
    try:
        return replace(settings, **read)
    except ValueError as exc:  # a recipe checks its own ranges in __post_init__
        raise SettingsError(str(exc)) from exc


def _read(key: str, text: str, kind: Any) -> object:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        if text in map(str, parts):
            return next(part for part in parts if str(part) == text)
        raise _wrong(key, text, "one of " + ", ".join(map(str, parts)))
    if origin in (Union, types.UnionType):
        if type(None) in parts and text.lower() in ("none", ""):
            return None
        return _read(key, text, next(p for p in parts if p is not type(None)))
    if origin is tuple:
        words = [word for word in text.strip("()[] ").split(",") if word.strip()]
        return tuple(_read(key, word.strip(), parts[0]) for word in words)
    if kind is bool:
        if text.lower() not in YES | NO:
            raise _wrong(key, text, "true or false")
        return text.lower() in YES
    try:
        return kind(text)
    except ValueError:
        wanted = {int: "a whole number", float: "a number"}.get(kind, kind.__name__)
        raise _wrong(key, text, wanted) from None


def _wrong(key: str, text: str, wanted: str) -> SettingsError:
    return SettingsError(f"Setting {key!r}: {text!r} should be {wanted}.")
