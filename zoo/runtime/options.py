"""Rules for the options of a prediction that takes many passes."""

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from zoo.runtime.input_errors import OptionError

__all__ = ["Rules", "check", "number", "whole"]

Rules = Mapping[str, tuple[Callable[[Any], bool], str]]


def check(model: str, options: Mapping[str, Any], rules: Rules) -> None:
    """Raise an OptionError about the first option that its rule does not allow."""
    for name, value in options.items():
        fits, expected = rules[name]
        if not fits(value):
            problem = f"{name}={value!r} should be {expected}."
            raise OptionError(model, problem, tuple(rules))


def number(value: object, low: float, high: float) -> bool:
    """Return whether a value is a number from `low` to `high`."""
    plain = isinstance(value, Real) and not isinstance(value, bool)
    return plain and bool(low <= value <= high)  # type: ignore[operator]


def whole(value: object, low: int, high: int) -> bool:
    """Return whether a value is a whole number from `low` to `high`."""
    return isinstance(value, Integral) and number(value, low, high)
