"""The rows of a fine-tuning: gathered, split, as tensors, and their class weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zoo._utils.import_string import load_module
from zoo.datasets.custom import copies, examples, reader
from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.custom.near_copies import near_copy_notes
from zoo.datasets.custom.wanted import ReadOptions
from zoo.datasets.in_memory import TensorRows
from zoo.finetuning.strategies import Settings
from zoo.inference import features
from zoo.models.metadata import model_metadata, with_input_spec
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.tokenizer import with_truncation_side
from zoo.runtime.user_warnings import warn_user
from zoo.specs import ImageInput, Input, ModelSpec, SeriesInput, TabularInput
from zoo.tasks import task_of

__all__ = [
    "cached_inputs",
    "choose_truncation_side",
    "class_weights",
    "copy_notes",
    "fitted_options",
    "learn_background",
    "learn_ranges",
    "read_splits",
    "split_rows",
    "tensors",
]

LEARNT = "Without it, the model learns the {} one, and expects it from now on."
AS_IT_IS = ReadOptions()
SAMPLE_ROWS = 64  # of which the background is looked at
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
    # On top of a vector, rows are told apart by class.
    output_spec = None if spec.output.is_features else spec.output
    kind = None if output_spec is None else task_of(spec).targets(output_spec)
    model = (spec.output.training_input(spec.input), output_spec)
    how: dict[str, Any] = {**asdict(options), "kind": kind}
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


def copy_notes(splits: DatasetSplits, input_spec: Input) -> tuple[str, ...]:
    """Return what is said of training rows under two labels, and of rows to measure on
    that are training rows too, or pictures nearly the same."""
    notes = copies.contradiction_notes(splits) + copies.copy_notes(splits)
    if input_spec.pictured:
        notes += near_copy_notes(splits, copies.copied_rows(splits))
    return notes


def split_rows(
    splits: DatasetSplits, chosen: Settings, spec: ModelSpec, *, solved: bool
) -> DatasetSplits:
    """Hold rows back for validation where the strategy or the figures need some: of a
    single row, its last part, where the task of `spec` can divide it."""
    if splits.validation is not None or (splits.test is not None and solved):
        return splits
    if len(splits.training) == 1:
        only, name = splits.training.items[0], splits.training.names[0]
        divided = task_of(spec).held_out_tail(only, name, chosen.val_fraction, spec)
        if divided is not None:
            head, tail = (
                LabeledExamples(items=[one], targets=(None,), names=[f"{name}, {what}"])
                for one, what in zip(divided, ("its start", "its end"), strict=True)
            )
            return replace(splits, training=head, validation=tail)
    return examples.with_validation_split(splits, chosen.val_fraction, seed=chosen.seed)


def learn_background(model: nn.Module, splits: DatasetSplits, *, invert: bool) -> None:
    """Let a model expect the background of its new pictures, and remember it.

    With `invert` it sees their negatives, from here on. Otherwise a warning says where
    the background is another than it knows. Raises InputError.
    """
    input_spec = model_metadata(model).spec.input
    if not isinstance(input_spec, ImageInput):
        return
    if invert:
        input_spec = input_spec.inverted()
        with_input_spec(model, input_spec)
    if input_spec.background is None:
        return
    rows = splits.training
    some = rows.pick(range(0, len(rows), -(-len(rows) // SAMPLE_ROWS)))
    task = task_of(model_metadata(model).spec)
    batch = torch.cat(list(features.model_inputs(model, some)))
    odd = task.input_warnings(batch, input_spec)
    for sentence in (one.text() for one in odd if one.kind == "background"):
        learnt: Literal["dark", "light"] = (
            "light" if input_spec.background == "dark" else "dark"
        )
        warn_user(f"{splits.source}: {sentence} {LEARNT.format(learnt)}")
        with_input_spec(model, replace(input_spec, background=learnt))


def choose_truncation_side(model: nn.Module, side: str | None) -> None:
    """Let a model cut long texts off at an end, where one is given, from here on."""
    if side is not None:
        input_spec = model_metadata(model).spec.input
        with_input_spec(model, with_truncation_side(input_spec, side))


def learn_ranges(model: nn.Module, splits: DatasetSplits) -> None:
    """Let a model expect the numbers of its training rows beside those it knows: what
    it was taught is not far from what it saw. Raises InputError."""
    input_spec = model_metadata(model).spec.input
    if not isinstance(input_spec, TabularInput | SeriesInput):
        return
    columns = input_spec.columns
    for batch in features.model_inputs(model, splits.training):
        rows = batch.flatten(0, -2)
        ends = zip(columns, rows.amin(0).tolist(), rows.amax(0).tolist(), strict=True)
        columns = tuple(
            replace(column, low=min(column.low, least), high=max(column.high, most))
            for column, least, most in ends
        )
    with_input_spec(model, replace(input_spec, columns=columns))


def fitted_options(model: nn.Module, splits: DatasetSplits) -> Mapping[str, Any]:
    """Return options with which a model is built anew for its training rows.

    The module with its build function may offer `fit_options(target, input_spec,
    options)`: of a detector, say, the sizes of its anchors.
    """
    known = model_metadata(model)
    module = load_module(known.spec.build.partition(":")[0], plugin=known.spec.package)
    fit = getattr(module, "fit_options", None)
    if fit is None:
        return {}
    target = features.targets(model, splits.training)
    found: Mapping[str, Any] = fit(target, known.spec.input, known.options)
    return found


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
