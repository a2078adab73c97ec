"""Evaluate a model on a user's own data: its outputs, and the metrics of its task."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from zoo._utils.shown import counted
from zoo.datasets.custom import reader
from zoo.datasets.custom.examples import LabeledExamples
from zoo.datasets.custom.trained_rows import count_trained
from zoo.datasets.custom.wanted import ReadOptions
from zoo.errors import (
    DataError,
    DataWarning,
    InputError,
    OptionError,
    TruncationWarning,
    near,
)
from zoo.inference import features
from zoo.inference.engine import Backend, check_backend, with_backend
from zoo.inference.input_warnings import InputWarnings
from zoo.models.config_fit import blaming_config
from zoo.models.devices import (
    BatchLimit,
    Device,
    device_of,
    on_device,
    rows_at_once,
)
from zoo.models.loading import require_module
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.models.precision import Precision, at_precision, check_used
from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.user_warnings import warn_user
from zoo.tasks import Task, task_of

__all__ = [
    "Evaluation",
    "compute_metrics",
    "evaluate",
    "evaluate_part",
    "predict_examples",
]


def evaluate(
    model: nn.Module | str | Path,
    data: Any,
    *,
    target: str | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    precision: Precision = "no",
    device: Device | None = None,
    backend: Backend = "torch",
    **prepare: Any,
) -> dict[str, float]:
    """Return the metrics of a model's task on a user's own data.

    `model` is a module from `zoo.load`, a name, or a checkpoint folder. `data` is as
    for `zoo.finetune`, and so are the options that say how it is read. Of
    data with several splits, the test rows are used, or else the validation rows.
    Labels must be the model's. With `precision` "bf16", or "auto" where the hardware
    can, the model computes in bfloat16; `device` is where, and `backend` by what, as
    for `zoo.predict`. `invert=True` exchanges dark and light in pictures. Inputs that
    do not look like the training data warn. Raises DataError, InputError, OptionError,
    PrecisionError, DeviceError, BackendError.

    >>> model = zoo.load("xor-mlp")
    >>> rows = {
    ...     "a": [0, 0, 1, 1],
    ...     "b": [0, 1, 0, 1],
    ...     "output": ["false", "true", "true", "false"],
    ... }
    >>> zoo.evaluate(model, pd.DataFrame(rows), target="output")["accuracy"]
    1.0
    """
    options = ReadOptions(
        target=target, column=column, encoding=encoding, allow_outside=allow_outside
    )
    return evaluate_part(
        model,
        data,
        options,
        precision=precision,
        device=device,
        backend=backend,
        **prepare,
    ).metrics


class Evaluation(NamedTuple):
    """The metrics of a model, and the rows they were measured on: their number, the
    name of the data, and that of the split, "" where the data has none."""

    metrics: dict[str, float]
    rows: int
    source: str
    split: str


def evaluate_part(
    model: nn.Module | str | Path,
    data: Any,
    options: ReadOptions,
    *,
    precision: Precision = "no",
    device: Device | None = None,
    backend: Backend = "torch",
    **prepare: Any,
) -> Evaluation:
    """Return the metrics as `evaluate` does, with the rows that they were measured
    on."""
    check_backend(backend, precision)
    model = require_module(model, "zoo.evaluate(model, data)", device)
    spec = model_metadata(model).spec
    task = task_of(spec)
    if not task.measures(spec):
        problem = f"zoo.evaluate has no measure for its task, {spec.task}."
        raise OptionError(spec.name, problem, [])
    known = task.input_options(spec.input)
    for name in prepare:
        if name not in known:
            problem = f"zoo.evaluate has no option {name!r}. {near(name, known)}"
            raise OptionError(spec.name, problem.rstrip(), known)
    part = reader.read_part(
        data,
        spec.output.training_input(spec.input),
        spec.output,
        ["test", "validation"],
        labels=spec.labels or None,
        kind=task.targets(spec.output),
        **asdict(options),
    )
    _warn_of_trained_rows(model, part.rows, part.source)
    whole = task.learns_from_inputs(spec)  # it reads a text part by part
    cut = 0 if whole else features.count_truncated(model, part.rows)
    if cut:
        note = features.truncation_note(model, cut, part.rows, part.source, part.name)
        warn_user(note, TruncationWarning)
    naming = nullcontext() if part.rows.placed else _naming(part.source)
    with on_device(model, device), naming:
        quick = _quickened(model, part.rows, precision, backend, prepare)
        with eval_mode(model):
            metrics = task.measure_rows(quick, part.rows, **prepare)
        if metrics is None:
            output = predict_examples(quick, part.rows, warn=True, **prepare)
            metrics = compute_metrics(model, output, part.rows)
            _check_finite(metrics, output, part.rows, part.source)
        check_used(quick, precision)
    return Evaluation(metrics, len(part.rows), part.source, part.name)


@contextmanager
def _naming(source: str) -> Iterator[None]:
    """Put the name of the data in front of an InputError about one of its rows."""
    try:
        yield
    except InputError as exc:
        raise exc.of(source) from exc.__cause__


def _check_finite(
    metrics: Mapping[str, float], output: Tensor, rows: LabeledExamples, source: str
) -> None:
    """Refuse metrics that are no numbers because outputs are none. Raises DataError."""
    if all(map(math.isfinite, metrics.values())) or len(output) != len(rows):
        return
    odd = ~output.isfinite().reshape(len(output), -1).all(dim=1)
    names = [rows.names[row] for row in odd.nonzero().flatten().tolist()]
    if names:
        raise DataError(
            f"{source}: the model's answer is not a finite number for "
            f"{counted(len(names), 'row')}, the first {names[0]}. Look for values in "
            "its input that it can't compute with, such as 0 for a missing one."
        )


def _quickened(
    model: nn.Module,
    rows: LabeledExamples,
    precision: Precision,
    backend: Backend,
    prepare: Mapping[str, Any],
) -> nn.Module:
    """Return what computes the outputs: the model at a precision, or an engine."""
    if backend != "torch":
        with eval_mode(model):
            batch = _first_batch(model, rows, prepare)
            engine = with_backend(model, backend, batch)
        if engine is not model:
            return engine
    return at_precision(model, precision)


def _first_batch(
    model: nn.Module, rows: LabeledExamples, prepare: Mapping[str, Any]
) -> Tensor:
    """Return what a model is given for some rows: of pictures to draw, noise."""
    spec = model_metadata(model).spec
    if spec.input.from_data:
        return next(features.model_inputs(model, rows, **prepare))
    task = task_of(spec)
    pairs = task.training_pairs(rows.items[0], rows.names[0], spec)
    return task.collate([given for given, _ in pairs], spec.input)


def _warn_of_trained_rows(model: nn.Module, rows: LabeledExamples, source: str) -> None:
    """Warn where a model is measured on rows that it was fine-tuned on."""
    report = model_metadata(model).report
    count = count_trained(report.sha256, rows) if report else 0
    if count:
        warn_user(
            f"{source}: the model was trained on {count:,} of these {len(rows):,} "
            "rows, so the metrics flatter it. Measure it on others.",
            DataWarning,
        )


@torch.inference_mode()
def predict_examples(
    model: nn.Module, rows: LabeledExamples, *, warn: bool = False, **prepare: Any
) -> Tensor:
    """Return the outputs of the model for examples, (rows, ...), on the CPU; of some
    tasks, what examples are measured by instead.

    With `warn`, inputs that do not look like the training data are warned of. `prepare`
    are the options of the kind of input. Raises DeviceError.
    """
    spec, limit = model_metadata(model).spec, BatchLimit()
    task, module = task_of(spec), unwrap_model(model)
    outputs: list[Tensor] = []
    warned = InputWarnings()
    first = 0  # row of a batch
    with eval_mode(model):
        for inputs in features.model_inputs(model, rows, **prepare):
            if warn:  # of values in rows, their reader has
                odd = task.input_warnings(inputs, spec.input)
                warned.add(one for one in odd if not one.rows)
            of_part = partial(
                _output_of_part,
                task,
                module,
                inputs,
                rows.pick(range(first, first + len(inputs))),
            )
            with blaming_config(model, given=inputs):
                outputs += limit.parts(
                    len(inputs), of_part, rows_at_once(inputs, device_of(module))
                )
            first += len(inputs)
    return torch.cat(outputs)


def _output_of_part(
    task: Task[Any, Any],
    module: nn.Module,
    inputs: Tensor,
    rows: LabeledExamples,
    part: slice,
) -> Tensor:
    picked = rows.pick(range(len(rows))[part])
    return task.measured_output(module, inputs[part], picked)


def compute_metrics(
    model: nn.Module, output: Tensor, rows: LabeledExamples
) -> dict[str, float]:
    """Return the metrics of the model's task for its outputs on rows."""
    task = task_of(model_metadata(model).spec)
    with blaming_config(model, output=output):
        return task.measure_output(model, output, rows)
