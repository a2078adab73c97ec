"""Rows of one class each: the classes in order, and the number of each row's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any
from unicodedata import category, normalize

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import ClassOutput, Input
from zoo.tasks.targets.base import Kinds, Rows, Targets, some

__all__ = ["ClassTargets", "check_case", "check_listed", "label_names"]

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII)
SEPARATORS = re.compile(r"[\s_-]+")  # of words
MISSING = {  # as programs write it; a class may be called "none"
    *("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None", "-", "--", "?"),
}
TRUTH = {"true": ("yes",), "yes": ("yes",), "false": ("no",), "no": ("no",)}


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
        if labels is None and tuple(known) != names:
            first = next(iter(parts.values()))
            said = (*_look_alikes(source, names), *_missing_words(source, names))
            first.notes = [*first.notes, *said]
        numbers = {normalize("NFC", name): n for n, name in enumerate(names)}
        for rows in parts.values():
            rows.targets = [numbers[value] for value in rows.targets]
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
    """Return the classes, in order, and write every target as one of them.

    Labels are compared in their composed form: a word that is spelled of the same
    letters is the same class, whatever system wrote it.
    """
    for rows in parts.values():
        rows.targets = [
            _label(value, f"{source}: {name}")
            for name, value in zip(rows.names, rows.targets, strict=True)
        ]
        missing = [rows.names[n] for n, value in enumerate(rows.targets) if not value]
        if missing:
            what = "1 row has" if len(missing) == 1 else f"{len(missing)} rows have"
            raise DataError(f"{source}: {what} no label: {some(missing)}.")
    seen = sorted(set(next(iter(parts.values())).targets), key=_order)
    if set(seen) == {normalize("NFC", name) for name in known}:
        seen = list(known)
    names = label_names(source, labels) if labels is not None else tuple(seen)
    check_case(source, names)
    if len(names) < 2:
        raise DataError(
            f"{source} has one class only ({names[0] if names else 'none'}): there is "
            "nothing to tell apart. Add pictures or rows of another class."
        )
    for part, rows in parts.items():
        strange = set(rows.targets) - {normalize("NFC", name) for name in names}
        if strange:
            raise DataError(
                f"{source}: {f'the {part} rows' if part else 'rows'} have labels that "
                f"are no classes: {some(sorted(strange, key=_order))}. Classes: "
                f"{some(names)}."
            )
    return names


def label_names(source: str, labels: Any) -> tuple[str, ...]:
    """Return labels that a user gave, in their order, as text.

    Raises DataError for what has no order or is no list, and for a label twice.
    """
    check_listed(source, labels)
    names = tuple(_label(one, source) for one in labels)
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice or "" in names:
        fault = f"{some(twice)} twice" if twice else "an empty label"
        raise DataError(f"{source}: labels have {fault}.")
    return names


def check_case(source: str, names: Sequence[str]) -> None:
    """Refuse labels that differ in case alone, or in blanks at an end. Raises
    DataError."""
    plain: dict[str, str] = {}
    for name in names:
        first = plain.setdefault(normalize("NFC", name).strip().casefold(), name)
        if first != name:
            what = (
                "case"
                if first.strip() == first and name.strip() == name
                else ("case or in blanks around them")
            )
            raise DataError(
                f"{source}: the labels {first!r} and {name!r} differ in {what} only. "
                "Write them alike, or rename one."
            )


def check_listed(source: str, labels: Any) -> None:
    """Refuse labels that are in no order, or are one text. Raises DataError."""
    if isinstance(labels, str | bytes | Mapping | Set):
        shown = type(labels).__name__
        raise DataError(
            f"{source}: labels are a list, in the order of the model's output, and "
            f"not a {shown}: labels=['cat', 'dog']."
        )


def _label(value: Any, where: str) -> str:
    """Return a label as text, composed, and empty where there is none."""
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()  # of numpy, or a tensor
    if isinstance(value, list | tuple | Mapping | Set) or hasattr(value, "ndim"):
        raise DataError(
            f"{where} has the label {value!r}, which is not one class. Models of the "
            "zoo are fine-tuned and measured on rows of one label each: make a column "
            "of one of the labels, and name it with target=... (--target)."
        )
    if isinstance(value, float):  # whole numbers beside a gap were read as such
        return "" if value != value else f"{value:.15g}"
    return "" if value is None else normalize("NFC", str(value)).strip()


def _look_alikes(source: str, names: Sequence[str]) -> list[str]:
    """Return what is said of labels that may be one class in several spellings."""
    alike: dict[Any, list[str]] = {}
    for name in names:
        alike.setdefault(_meaning(name), []).append(name)
    groups = [" and ".join(map(repr, group)) for group in alike.values() if group[1:]]
    if not groups:
        return []
    return [
        f"{source}: {some(groups)} may be one class in several spellings, and each is "
        "learned as a class of its own. If they are one, write them alike."
    ]


def _missing_words(source: str, names: Sequence[str]) -> list[str]:
    """Return what is said of classes named as programs write a missing value."""
    found = [repr(name) for name in names if name in MISSING]
    words = [name for name in names if any(map(str.isalnum, name))]
    if not found or not {*words} - {*MISSING}:  # of signs alone, "-" is one
        return []
    many = len(found) > 1
    return [
        f"{source}: {some(found)} {'are classes' if many else 'is a class'} here, and "
        f"may stand for a missing label. If {'they do' if many else 'it does'}, leave "
        "these rows out."
    ]


def _meaning(label: str) -> Any:
    """Return what a label may mean, whatever its spelling: a number, truth, words."""
    shown = "".join(letter for letter in label if category(letter) != "Cf")
    plain = normalize("NFKC", shown).casefold()
    if NUMBER.fullmatch(plain):
        return float(plain)
    return TRUTH.get(plain, " ".join(SEPARATORS.split(plain)).strip() or plain)


def _order(label: str) -> tuple[float, str]:
    """Sort numbers as numbers: 10 comes after 9, and 01 before 1."""
    return (float(label) if label.isdecimal() else float("inf"), label)
