"""Search spaces in words: `lr=1e-4..1e-1:log`, `batch_size=32,64`, `epochs=5`.

Knows the types of a recipe's settings; does not know who searches.
"""

import math
import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any, Union, get_args, get_origin, get_type_hints

from zoo.errors import SettingsError
from zoo.training.settings import parse_setting, require

__all__ = ["Choices", "Range", "Space", "format_value", "space"]


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers from `low` to `high`, both included; `whole` numbers, or all."""

    low: float
    high: float
    step: float | None = None
    log: bool = False
    whole: bool = False

    def values(self, key: str) -> tuple[str, ...]:
        """Return every number, as text; a range without a step has too many."""
        if self.log or (self.step is None and not self.whole):
            raise SettingsError(
                f"Setting {key!r}: a grid needs single values. List them, or give a "
                f"step, as in {key}={self.low:g}..{self.high:g}:"
                f"{(self.high - self.low) / 4:g}."
            )
        # In decimals: 0.1 + 2 * 0.1 is no neighbour of 0.3 there.
        low, high, step = (
            Decimal(repr(n)) for n in (self.low, self.high, self.step or 1)
        )
        return tuple(str(low + n * step) for n in range(int((high - low) / step) + 1))


@dataclass(frozen=True)
class Choices:
    """Values to try, as they were written."""

    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Space:
    """What is searched, and what is the same in every trial."""

    searched: dict[str, Range | Choices]
    fixed: dict[str, str]

    def grid(self) -> list[dict[str, str]]:
        """Return each combination of values once, the last setting changing first."""
        sides = [
            part.values if isinstance(part, Choices) else part.values(key)
            for key, part in self.searched.items()
        ]
        return [
            dict(zip(self.searched, point, strict=True)) for point in product(*sides)
        ]


def format_value(value: object) -> str:
    """Return a Python value in the words of the language; a list is to be searched."""
    if isinstance(value, list):
        nested = any(isinstance(part, tuple) for part in value)
        return (";" if nested else ",").join(map(format_value, value))
    if isinstance(value, tuple):
        return ",".join(map(format_value, value))
    return "none" if value is None else str(value)


def space(words: Mapping[str, str], settings: Any) -> Space:
    """Read a search space; raises SettingsError, before anything is tried."""
    searched: dict[str, Range | Choices] = {}
    fixed = {}
    for key, text in words.items():
        part = _part(key, text, settings)
        if isinstance(part, str):
            fixed[key] = part
        else:
            searched[key] = part
    if not searched:
        raise SettingsError(
            "Nothing to search: give a setting a range, such as --set lr=1e-4..1e-1:log"
            ", or a list, such as --set batch_size=32,64."
        )
    return Space(searched=searched, fixed=fixed)


def _part(key: str, text: str, settings: Any) -> Range | Choices | str:
    require(settings, key)
    kinds = list(_kinds(get_type_hints(type(settings))[key]))
    if ".." in text and "/" not in text:  # a path may hold two dots
        if int not in kinds and float not in kinds:
            raise SettingsError(
                f"Setting {key!r} does not hold a number, so {text!r} is no range of "
                "it. List the values to try, separated by commas."
            )
        return _range(key, text, settings, whole=float not in kinds)
    tuples = any((get_origin(kind) or kind) is tuple for kind in kinds)
    listed = [word.strip() for word in text.split(";" if tuples else ",")]
    listed = [word for word in listed if word] or [text]
    values = [parse_setting(settings, key, word) for word in listed]
    for number, value in enumerate(values):
        if value in values[:number]:
            raise SettingsError(f"Setting {key!r}: {listed[number]} is listed twice.")
    return Choices(tuple(listed)) if len(listed) > 1 else listed[0]


def _kinds(kind: Any) -> Iterator[Any]:
    """Yield the types that a field takes, one by one."""
    if get_origin(kind) in (Union, types.UnionType):
        for part in get_args(kind):
            yield from _kinds(part)
    else:
        yield kind


def _range(key: str, text: str, settings: Any, *, whole: bool) -> Range:
    bounds, _, how = text.partition(":")
    first, _, last = bounds.partition("..")
    low, high = (_number(key, word, text, settings) for word in (first, last))
    if low >= high:
        raise SettingsError(
            f"Setting {key!r}: the range {bounds} is empty; its first bound should be "
            "below its second."
        )
    if how == "log":
        if low <= 0:
            raise SettingsError(
                f"Setting {key!r}: a log range needs bounds above zero, and {bounds} "
                f"begins at {first}."
            )
        return Range(low=low, high=high, log=True, whole=whole)
    if ":" not in text:
        return Range(low=low, high=high, whole=whole)
    step = _number(key, how, text, settings)
    if not 0 < step <= high - low:
        raise SettingsError(
            f"Setting {key!r}: the step of {text} should be above zero and not above "
            f"{high - low:g}."
        )
    steps = int((Decimal(repr(high)) - Decimal(repr(low))) / Decimal(repr(step)))
    last_one = Decimal(repr(low)) + steps * Decimal(repr(step))
    return Range(low=low, high=type(high)(last_one), step=step, whole=whole)


def _number(key: str, word: str, text: str, settings: Any) -> float:
    value: object = None
    with suppress(SettingsError):
        value = parse_setting(settings, key, word.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        value = math.nan
    if not math.isfinite(value):
        example = f"{key}=1..8" if _is_whole(key, settings) else f"{key}=1e-4..1e-1:log"
        raise SettingsError(
            f"Setting {key!r}: {word!r} in {text!r} can't be a bound or a step. A "
            f"range looks like {example}."
        )
    return value


def _is_whole(key: str, settings: Any) -> bool:
    return float not in list(_kinds(get_type_hints(type(settings))[key]))
