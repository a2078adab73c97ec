"""The rows of a fine-tuning: gathered, split, as tensors, and their class weights."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom import examples, reader
from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.custom.wanted import ReadOptions
from zoo.datasets.in_memory import TensorRows
from zoo.finetuning.strategies import Settings
from zoo.inference import features
from zoo.models.metadata import model_metadata
from zoo.preprocessing.preprocessor import preprocessor
from zoo.specs import ModelSpec

__all__ = ["cached_inputs", "class_weights", "read_splits", "split_rows", "tensors"]

AS_IT_IS = ReadOptions()
MAX_BYTES = 2 << 30  # of prepared inputs that are kept in memory


def read_splits(
    spec: ModelSpec,
    data: Any,
    validation: Any = None,
    test: Any = None,
    labels: Sequence[str] | None = None,
    options: ReadOptions = AS_IT_IS,
) -> DatasetSplits:
    """Return the data for a model, its parts from several places where so given."""
    model, how = (spec.input, spec.output), asdict(options)
    splits = reader.read_data(data, *model, labels=labels, known=spec.labels, **how)
    for name, more in (("validation", validation), ("test", test)):
        if more is not None:
            names = splits.labels or None
            other = reader.read_part(more, *model, [name], labels=names, **how)
            part: Any = {name: other.rows}
            sources = {**splits.sources, name: other.source}
            notes = splits.notes + other.notes
            splits = replace(splits, **part, sources=sources, notes=notes)
    return splits


def split_rows(
    splits: DatasetSplits, chosen: Settings, *, solved: bool
) -> DatasetSplits:
    """Hold rows back for validation where the strategy or the figures need some."""
    if splits.validation is not None or (splits.test is not None and solved):
        return splits
    return examples.with_validation_split(splits, chosen.val_fraction, seed=chosen.seed)


def tensors(model: nn.Module, splits: DatasetSplits, given: Tensor) -> TensorRows:
    """Return training rows as tensors, their targets repeated for every copy."""
    target = features.targets(model, splits.training)
    target = torch.cat([target] * (len(given) // len(target)))
    return TensorRows(input=given, target=target, source=splits.source, fingerprint="")


def cached_inputs(
    model: nn.Module, rows: LabeledExamples
) -> Callable[[Tensor], Tensor]:
    """Return what turns row numbers into prepared inputs: kept where they fit."""
    input_spec = model_metadata(model).spec.input
    joined = preprocessor(input_spec).joined
    batches = features.model_inputs(model, rows)
    first = next(batches)
    if first[0].nbytes * len(rows) <= MAX_BYTES:
        inputs = joined([first, *batches], input_spec)
        return lambda numbers: inputs[numbers]

    def opened(numbers: Tensor) -> Tensor:
        picked = rows.pick(numbers.tolist())
        return joined(list(features.model_inputs(model, picked)), input_spec)

    return opened


def class_weights(splits: DatasetSplits) -> Tensor:
    """Return how much each class counts so that all count alike, 1 on average: by its
    rows, or by its pixels."""
    counts = torch.tensor(splits.sizes()).clamp(min=1)
    return counts.sum() / (len(counts) * counts)
