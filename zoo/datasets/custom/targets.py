"""What the rows of a user's data answer: classes in order, or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.errors import DataError
from zoo.specs import (
    ClassOutput,
    ForecastOutput,
    Input,
    MaskOutput,
    OCROutput,
    Output,
)

__all__ = ["RawRows", "TargetSpec", "classes", "numbers", "some"]

TARGETS = ("label", "labels", "class", "target")
MASKS = ("mask", "masks", "label_mask", "segmentation", "annotation", *TARGETS)
TEXTS = ("text", "caption", "words", *TARGETS)
MOST = 20  # names that a message shows
LARGEST = 3.4e38  # that float32 holds


@dataclass
class RawRows:
    """A part of the data with its targets as they were written."""

    items: Sequence[Any]
    targets: Sequence[Any]
    names: Sequence[str]


@dataclass(frozen=True)
class TargetSpec:
    """What a model takes, what it gives, and the column that was named for that."""

    input_spec: Input
    output_spec: Output | None
    target: str | None

    @property
    def masks(self) -> bool:
        """Whether each target is a picture of labels."""
        return isinstance(self.output_spec, MaskOutput)

    @property
    def texts(self) -> bool:
        """Whether each target is what a picture reads."""
        return isinstance(self.output_spec, OCROutput)

    @property
    def classes(self) -> bool:
        """Whether each target is one of some names."""
        return self.output_spec is None or isinstance(self.output_spec, ClassOutput)

    @property
    def horizon(self) -> int:
        """How many steps ahead a target reaches."""
        return (
            self.output_spec.horizon
            if isinstance(self.output_spec, ForecastOutput)
            else 1
        )

    @property
    def target_columns(self) -> Sequence[str]:
        """The columns that may hold the targets, the likeliest first."""
        if self.target:
            return [self.target]
        if isinstance(self.output_spec, ForecastOutput):
            return [self.output_spec.name]
        return MASKS if self.masks else TEXTS if self.texts else TARGETS


def classes(
    source: str,
    parts: Mapping[str, RawRows],
    labels: Sequence[str] | None,
    known: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the classes, in order, and write every target as one of them.

    The order is that of `labels`, or of `known` where it has the same, or sorted.
    """
    for rows in parts.values():
        rows.targets = [_label(value) for value in rows.targets]
        missing = [rows.names[n] for n, value in enumerate(rows.targets) if not value]
        if missing:
            what = "1 row has" if len(missing) == 1 else f"{len(missing)} rows have"
            raise DataError(f"{source}: {what} no label: {some(missing)}.")
    seen = sorted(set(parts["training"].targets), key=_order)
    if set(seen) == set(known):
        seen = list(known)
    names = tuple(map(str, labels)) if labels is not None else tuple(seen)
    plain: dict[str, str] = {}
    for name in names:
        first = plain.setdefault(name.casefold(), name)
        if first != name:
            raise DataError(
                f"{source}: the labels {first!r} and {name!r} differ in case only. "
                "Write them alike, or rename one."
            )
    if len(names) < 2:
        raise DataError(
            f"{source} has one class only ({names[0] if names else 'none'}): there is "
            "nothing to tell apart. Add pictures or rows of another class."
        )
    for part, rows in parts.items():
        strange = sorted(set(rows.targets) - set(names))
        if strange:
            raise DataError(
                f"{source}: the {part} rows have labels that are no classes: "
                f"{some(strange)}. Classes: {some(names)}."
            )
    return names


def _label(value: Any) -> str:
    """Return a label as text, empty where there is none."""
    if isinstance(value, float):  # whole numbers beside a gap were read as such
        return "" if value != value else f"{value:.15g}"
    return "" if value is None else str(value).strip()


def _order(label: str) -> tuple[float, str]:
    """Sort numbers as numbers: 10 comes after 9."""
    return (float(label), "") if label.isdecimal() else (float("inf"), label)


def numbers(source: str, name: str, value: Any) -> Any:
    """Return a target as a number, or of several steps ahead as so many.

    Raises DataError where it is none that float32 holds.
    """
    if isinstance(value, tuple):
        return tuple(numbers(source, name, one) for one in value)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if abs(number) <= LARGEST:
        return number
    fault = "too large a number" if abs(number) > LARGEST else "not a number"
    raise DataError(f"{source}: the target of {name} is {value!r}, {fault}.")


def some(names: Sequence[str]) -> str:
    """Return names for a message, of many the first."""
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(map(str, names[:MOST])) + more
