"""What stands in a user's own inputs before any model sees them: columns of a table,
texts, pictures. Does not know torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Literal, Protocol

from zoo._utils.shown import counted
from zoo.datasets.custom.examples import Column, DatasetSplits, LabeledExamples
from zoo.runtime.tabular import to_float
from zoo.specs import Input
from zoo.tasks.targets.base import some
from zoo.tasks.targets.classes import MISSING
from zoo.tasks.targets.files import header_of

__all__ = [
    "ColumnProfile",
    "PictureProfile",
    "Profile",
    "TableProfile",
    "TextProfile",
    "profile",
]

ENOUGH = 10  # rows, to say of a column that it gives the target away
CORRELATED = 0.98  # with the target: such a column is hardly an input
MOST_PICTURES = 20_000  # whose headers are read
SHOWN = 8  # rows of a table of figures


class Profile(Protocol):
    """The figures of the training inputs, of a kind of input."""

    def rows(self) -> list[list[str]]:
        """Return them as a table, its head first; there is always a head."""

    def findings(self) -> list[str]:
        """Return what should be looked at, a sentence each, the gravest first."""


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """A column of the training rows.

    `missing` are its rows without a value, `faults` those of a column of numbers that
    hold none. `low` and `high` are the ends of its numbers. `gives_away` says how the
    column tells the target, "" where it does not.

    >>> ColumnProfile(name="on", kind="number", missing=0, distinct=1).constant
    True
    """

    name: str
    kind: Literal["number", "text", "empty"]
    missing: int
    distinct: int
    faults: int = 0
    low: float | None = None
    high: float | None = None
    gives_away: str = ""

    @property
    def constant(self) -> bool:
        """Whether all rows that have a value have the same."""
        return self.distinct == 1


@dataclass(frozen=True, kw_only=True)
class TableProfile:
    """The columns of a table, of `count` training rows."""

    count: int
    columns: tuple[ColumnProfile, ...]

    def rows(self) -> list[list[str]]:
        head = ["column", "type", "missing", "distinct", "lowest", "highest"]
        return [head, *map(_column_row, self.columns)]

    def findings(self) -> list[str]:
        found = [
            f"The column {one.name!r} gives the target away: {one.gives_away}. Take it "
            "out, unless it is known before the answer is."
            for one in self.columns
            if one.gives_away
        ]
        if gaps := [one for one in self.columns if one.missing]:
            listed = some([f"{one.name!r} {one.missing:,}" for one in gaps])
            found.append(
                f"Of {self.count:,} training rows values are missing ({listed}): fill "
                "them in, or leave the rows out."
            )
        if odd := [one for one in self.columns if one.faults]:
            listed = some([f"{one.name!r} {one.faults:,}" for one in odd])
            found.append(
                f"Among the numbers there is what is none ({listed}): write it as a "
                "number, or leave the rows out."
            )
        if words := [repr(one.name) for one in self.columns if one.kind == "text"]:
            what = "is text" if len(words) == 1 else "are texts"
            found.append(
                f"{some(words)} {what}, and a model of rows takes numbers: write them "
                "as numbers, such as a column of 0 and 1 for each value."
            )
        same = [one for one in self.columns if one.constant and self.count > 1]
        if same:
            are = "is the same" if len(same) == 1 else "are the same"
            found.append(
                f"{some([repr(one.name) for one in same])} {are} in every training "
                "row: nothing can be learned from it."
            )
        return found


@dataclass(frozen=True, kw_only=True)
class TextProfile:
    """The lengths of training texts: shortest, median, and longest, in characters.

    `cut` has, by split, the texts that a model does not read to the end, and
    `max_tokens` is how much of one it reads; None where no model was named.
    """

    count: int
    empty: int
    characters: tuple[int, int, int]
    words: tuple[int, int, int]
    max_tokens: int | None = None
    cut: Mapping[str, int] = field(default_factory=dict)

    def rows(self) -> list[list[str]]:
        head = ["texts", "shortest", "median", "longest"]
        rows = [
            ["characters", *(f"{one:,}" for one in self.characters)],
            ["words", *(f"{one:,}" for one in self.words)],
        ]
        return [head, *rows]

    def findings(self) -> list[str]:
        if not self.empty:
            return []
        are = "is" if self.empty == 1 else "are"
        texts = counted(self.empty, "training text")
        return [f"{texts} of {self.count:,} {are} empty: leave them out."]


@dataclass(frozen=True, kw_only=True)
class PictureProfile:
    """The sizes (width, height) and modes of the first `looked` training pictures.

    `smaller` are those with fewer pixels at a side than the model's frame, which is
    None where no model was named, or where it takes pictures of any size. `unread` are
    those that can't be opened.
    """

    count: int
    looked: int
    unread: int
    smallest: tuple[int, int] | None
    median: tuple[int, int] | None
    largest: tuple[int, int] | None
    modes: Mapping[str, int]
    frame: tuple[int, int] | None = None
    smaller: int = 0

    def rows(self) -> list[list[str]]:
        sizes = [_size(one) for one in (self.smallest, self.median, self.largest)]
        modes = ", ".join(f"{mode} {count:,}" for mode, count in self.modes.items())
        head = ["pictures", "smallest", "median", "largest", "modes"]
        return [head, [f"{self.looked:,}", *sizes, modes or "-"]]

    def findings(self) -> list[str]:
        found = []
        if self.unread:
            pictures = counted(self.unread, "training picture")
            found.append(f"{pictures} can't be opened: mend them, or leave them out.")
        if self.frame and 2 * self.smaller > self.looked:
            found.append(
                f"{self.smaller:,} of {self.looked:,} training pictures are smaller "
                f"than the {_size(self.frame)} pixels that the model looks at: they "
                "are enlarged, and show no more by it. Larger ones may do better."
            )
        return found


def profile(
    splits: DatasetSplits, input_spec: Input, *, named: bool
) -> TableProfile | TextProfile | PictureProfile | None:
    """Return the figures of the training inputs; None of a kind that has none.

    `named` says that the input is that of a model, and not assumed.
    """
    rows = splits.training
    if input_spec.required_columns and isinstance(rows.items, Column):
        return _table(rows.items, splits)
    if input_spec.takes_strings:
        return _texts(rows, getattr(input_spec, "max_length", None) if named else None)
    if input_spec.pictured:
        any_size = getattr(input_spec, "fit", "keep") == "keep"
        size = getattr(input_spec, "width", 0), getattr(input_spec, "height", 0)
        return _pictures(rows, size if named and not any_size else None)
    return None


def _table(items: Column, splits: DatasetSplits) -> TableProfile:
    targets = None if splits.timed else splits.training.targets
    if splits.timed:  # windows, which share their rows
        values = {name: list(items.rows[name]) for name in items.rows.column_names}
    else:
        names = items.rows.column_names
        each = {name: items.rows[name] for name in names}
        values = {name: [each[name][int(n)] for n in items.picked] for name in names}
    columns = tuple(
        _column(name, column, targets, splits.labels) for name, column in values.items()
    )
    return TableProfile(count=len(next(iter(values.values()))), columns=columns)


def _column(
    name: str,
    values: Sequence[Any],
    targets: Sequence[Any] | None,
    labels: Sequence[str],
) -> ColumnProfile:
    given = [row for row, value in enumerate(values) if not _missing(value)]
    numbers = {row: to_float(values[row]) for row in given}
    finite = {row: one for row, one in numbers.items() if math.isfinite(one)}
    numeric = 2 * len(finite) >= len(given)
    kept: Mapping[int, Any] = finite if numeric else {n: values[n] for n in given}
    kind: Literal["number", "text", "empty"] = "text"
    if numeric:
        kind = "number" if given else "empty"
    away = "" if targets is None else _gives_away(kept, targets, labels, numeric)
    ends = (min(finite.values()), max(finite.values())) if finite and numeric else None
    return ColumnProfile(
        name=name,
        kind=kind,
        missing=len(values) - len(given),
        distinct=len({*map(str, kept.values())}),
        faults=len(given) - len(finite) if numeric else 0,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        gives_away=away,
    )


def _missing(value: Any) -> bool:
    """Return whether a cell is empty, not a number, or a word for a missing value."""
    if isinstance(value, str):
        return not value.strip() or value.strip() in MISSING
    return value is None or value != value


def _gives_away(
    values: Mapping[int, Any],
    targets: Sequence[Any],
    labels: Sequence[str],
    numeric: bool,
) -> str:
    """Return how a column tells the target: it is the target under another name, or
    goes along with it."""
    pairs = [(value, targets[row]) for row, value in values.items()]
    several = len({*(one for _, one in pairs)}) > 1
    if len(pairs) < ENOUGH or not several:
        return ""
    if not all(isinstance(one, int | float) for _, one in pairs):
        return ""  # masks, boxes or texts
    if labels:
        if (
            len({*pairs})
            == len({*(v for v, _ in pairs)})
            == len({*(t for _, t in pairs)})
        ):
            return "each of its values stands for one class, and each class for one"
        share = _explained(pairs) if numeric else 0.0
        return _along("a correlation ratio", share)
    if all(value == target for value, target in pairs):
        return "it is equal to it in every row"
    return _along("a correlation", _correlation(pairs) if numeric else 0.0)


def _along(what: str, value: float) -> str:
    return f"{what} of {value:.3f}" if abs(value) > CORRELATED else ""


def _correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Return Pearson's correlation; 0 where one of both is constant."""
    count = len(pairs)
    means = [math.fsum(side) / count for side in zip(*pairs, strict=True)]
    apart = [(one - means[0], other - means[1]) for one, other in pairs]
    spread = math.prod(
        math.fsum(d * d for d in side) for side in zip(*apart, strict=True)
    )
    together = math.fsum(one * other for one, other in apart)
    return together / math.sqrt(spread) if spread > 0 else 0.0


def _explained(pairs: Sequence[tuple[float, int]]) -> float:
    """Return the correlation ratio: the root of the share of a column's variance that
    lies between classes; of two classes it is the correlation's size."""
    by_class: dict[int, list[float]] = {}
    for value, target in pairs:
        by_class.setdefault(target, []).append(value)
    mean = math.fsum(value for value, _ in pairs) / len(pairs)
    whole = math.fsum((value - mean) ** 2 for value, _ in pairs)
    between = math.fsum(
        len(group) * (math.fsum(group) / len(group) - mean) ** 2
        for group in by_class.values()
    )
    return math.sqrt(min(1.0, between / whole)) if whole > 0 else 0.0


def _texts(rows: LabeledExamples, max_tokens: int | None) -> TextProfile:
    texts = [one for one in map(_text, rows.items) if one is not None]
    return TextProfile(
        count=len(rows),
        empty=len(rows) - sum(1 for one in texts if one.strip()),
        characters=_spread([len(one) for one in texts]),
        words=_spread([len(one.split()) for one in texts]),
        max_tokens=max_tokens,
    )


def _text(item: Any) -> str | None:
    """Return a text, or that of a file; None of what can't be read as one."""
    if isinstance(item, Path):
        try:
            return item.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
    return item if isinstance(item, str) else None


def _spread(sizes: Sequence[int]) -> tuple[int, int, int]:
    return (min(sizes), round(median(sizes)), max(sizes)) if sizes else (0, 0, 0)


def _pictures(rows: LabeledExamples, frame: tuple[int, int] | None) -> PictureProfile:
    found = [header_of(one) for one in islice(_stored(rows), MOST_PICTURES)]
    seen = [one for one in found if one is not None]
    sizes = sorted((one.size for one in seen), key=math.prod)
    small = [one for one in sizes if frame and (one[0] < frame[0] or one[1] < frame[1])]
    return PictureProfile(
        count=len(rows),
        looked=len(found),
        unread=len(found) - len(seen),
        smallest=sizes[0] if sizes else None,
        median=sizes[len(sizes) // 2] if sizes else None,
        largest=sizes[-1] if sizes else None,
        modes=dict(Counter(one.mode for one in seen).most_common()),
        frame=frame,
        smaller=len(small),
    )


def _stored(rows: LabeledExamples) -> Iterator[Any]:
    """Yield pictures as they are stored: nothing is decoded to know its size."""
    if not isinstance(rows.items, Column) or rows.items.decoding is None:
        yield from rows.items
        return
    for (value,) in rows.items.contents():
        if isinstance(value, Mapping) and {*value} == {"bytes", "path"}:
            yield value["bytes"] or Path(value["path"])
        else:
            yield value


def _size(size: tuple[int, int] | None) -> str:
    return f"{size[0]}x{size[1]}" if size else "-"


def _column_row(one: ColumnProfile) -> list[str]:
    ends = ["-" if end is None else f"{end:.5g}" for end in (one.low, one.high)]
    return [one.name, one.kind, f"{one.missing:,}", f"{one.distinct:,}", *ends]
