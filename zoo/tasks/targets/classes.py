"""Rows of one class each: the classes in order, and the number of each row's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import ClassOutput, Input
from zoo.tasks.targets.base import Kinds, Rows, Targets, some

__all__ = ["ClassTargets"]


class ClassTargets(Targets[ClassOutput]):
    """Each target is the number of a label."""

    stratified = True

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """The order is that of `labels`, or of `known` where it has the same, or
        sorted."""
        names = _classes(source, parts, labels, known)
        for rows in parts.values():
            rows.targets = [names.index(value) for value in rows.targets]
        return names

    def counts(self, targets: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
        counted = Counter(targets)
        return {label: counted[number] for number, label in enumerate(labels)}

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: ClassOutput
    ) -> Tensor:
        return torch.tensor(targets).long()

    def synthetic(
        self, output_spec: ClassOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        rows, count = len(given), len(output_spec.labels)
        if output_spec.multi_label:
            return torch.randint(2, (rows, count), generator=random).float()
        return torch.randint(count, (rows,), generator=random)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: ClassOutput
    ) -> Kinds:
        kinds = super().two_kinds(drawn, input_spec, output_spec)
        return replace(kinds, labels=("first", "second"))


def _classes(
    source: str,
    parts: Mapping[str, Rows],
    labels: Sequence[str] | None,
    known: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the classes, in order, and write every target as one of them."""
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
