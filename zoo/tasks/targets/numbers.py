"""Rows that answer with numbers: one each, or what comes next in a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.runtime.tabular import no_number
from zoo.specs import ForecastOutput, Input, Output
from zoo.tasks.targets.base import Kinds, OutputT, Rows, Targets
from zoo.tasks.targets.sentinels import far_notes, sentinel_notes

__all__ = ["STEPS", "ForecastTargets", "NumberTargets"]

LARGEST = 3.4e38  # that float32 holds
STEPS = (
    0.95,
    1.05,
)  # of a series after its last value, where it is of one of two kinds


class _Numbers(Targets[OutputT]):
    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        for part, rows in parts.items():
            pairs = zip(rows.names, rows.targets, strict=True)
            rows.targets = [_number(source, name, value) for name, value in pairs]
            values = [t[0] if isinstance(t, tuple) else t for t in rows.targets]
            notes = [
                *sentinel_notes("the target", values),
                *far_notes(values, rows.names),
                *_constant_notes(part, values),
            ]
            rows.notes = [*rows.notes, *(f"{source}: {note}" for note in notes)]
        return ()

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: OutputT
    ) -> Tensor:
        return torch.tensor(targets).float()

    def synthetic(
        self, output_spec: OutputT, given: Tensor, random: torch.Generator
    ) -> Tensor:
        return torch.randn(len(given), generator=random)


class NumberTargets(_Numbers[Output]):
    """Each target is a number, which also stands in where a task has no targets."""


class ForecastTargets(_Numbers[ForecastOutput]):
    """Each target is what comes next: a number, or as many as the horizon has steps."""

    def columns(self, output_spec: ForecastOutput | None) -> Sequence[str]:
        return self.column_names if output_spec is None else [output_spec.name]

    def horizon(self, output_spec: ForecastOutput | None) -> int:
        return 1 if output_spec is None else output_spec.horizon

    def synthetic(
        self, output_spec: ForecastOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        if output_spec.horizon == 1:
            return super().synthetic(output_spec, given, random)
        return torch.randn(len(given), output_spec.horizon, generator=random)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: ForecastOutput
    ) -> Kinds:
        """What follows on a series is less than the last value of the column that is
        forecast where it is of one kind, and more where it is of the other."""
        kinds = super().two_kinds(drawn, input_spec, output_spec)
        names = input_spec.required_columns
        place = names.index(output_spec.name) if output_spec.name in names else 0
        step = torch.tensor(STEPS)[list(kinds.targets)]
        after = kinds.items[:, -1, place] * step
        rows = after[:, None].expand(-1, output_spec.horizon).tolist()
        return replace(kinds, targets=tuple(map(_plain, rows)))


def _plain(answer: list[float]) -> Any:
    """Return a target as data from a file has it: a number, or a tuple of several."""
    return answer[0] if len(answer) == 1 else tuple(answer)


def _constant_notes(part: str, values: Sequence[float]) -> list[str]:
    """Return a note where all targets of several rows are the same number."""
    if len(values) < 2 or len({*values}) > 1:
        return []
    rows, follows = (
        ("training row", "nothing can be learned from it")
        if part == "training"
        else (f"{part} row".strip(), "metrics say little about the model")
    )
    return [f"the target is {values[0]:g} in every {rows}: {follows}."]


def _number(source: str, name: str, value: Any) -> Any:
    """Return a target as a number, or of several steps ahead as so many.

    Raises DataError where it is none that float32 holds.
    """
    if isinstance(value, tuple):
        return tuple(_number(source, name, one) for one in value)
    try:
        truth = isinstance(value, bool) or "_" in str(value)  # which float would take
        number = float("nan" if truth else value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if abs(number) <= LARGEST:
        return number
    fault = "too large a number" if abs(number) > LARGEST else no_number(value)
    raise DataError(f"{source}: the target of {name} is {value!r}, {fault}.")
