"""Rows whose targets are made of their inputs, as of pictures to be restored."""

from dataclasses import replace
from typing import Any

from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.specs import ModelSpec
from zoo.tasks import task_of

__all__ = ["in_pairs", "rows_in_pairs"]


def in_pairs(spec: ModelSpec, splits: DatasetSplits) -> DatasetSplits:
    """Return splits with their rows as a model learns them. Raises DataError."""
    made: Any = {
        name: rows_in_pairs(spec, rows) for name, rows in splits.parts().items()
    }
    return replace(splits, **made)


def rows_in_pairs(spec: ModelSpec, rows: LabeledExamples) -> LabeledExamples:
    """Return rows as a model learns them, and is measured on while it is fine-tuned: of
    each picture some smaller ones, each with what it was made of. Raises DataError."""
    task = task_of(spec)
    if not task.learns_from_inputs(spec):
        return rows
    made = [
        (item, target, f"{name}, part {number}")
        for raw, name in zip(rows.items, rows.names, strict=True)
        for number, (item, target) in enumerate(
            task.training_pairs(raw, name, spec), start=1
        )
    ]
    return LabeledExamples(
        items=[item for item, _, _ in made],
        targets=tuple(target for _, target, _ in made),
        names=[name for _, _, name in made],
    )
