"""Evaluate a model on a user's own data: its outputs, and the metrics of its task."""

from dataclasses import asdict
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from zoo.datasets.custom import reader
from zoo.datasets.custom.examples import LabeledExamples
from zoo.datasets.custom.wanted import ReadOptions
from zoo.errors import OptionError
from zoo.inference import features
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.models.precision import Precision, at_precision, check_used
from zoo.runtime.eval_mode import eval_mode
from zoo.tasks import get_task

__all__ = [
    "Evaluation",
    "compute_metrics",
    "evaluate",
    "evaluate_part",
    "predict_examples",
]


def evaluate(
    model: nn.Module,
    data: Any,
    *,
    target: str | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    precision: Precision = "no",
) -> dict[str, float]:
    """Return the metrics of a model's task on a user's own data.

    `data` is as for `zoo.finetune`, and so are the options that say how it is read. Of
    data with several splits, the test rows are used, or else the validation rows.
    Labels must be the model's. With `precision` "bf16", or "auto" where the hardware
    can, the model computes in bfloat16. Raises DataError, InputError, PrecisionError.
    """
    options = ReadOptions(
        target=target, column=column, encoding=encoding, allow_outside=allow_outside
    )
    return evaluate_part(model, data, options, precision=precision).metrics


class Evaluation(NamedTuple):
    """The metrics of a model, and the rows they were measured on: their number, the
    name of the data, and that of the split, "" where the data has none."""

    metrics: dict[str, float]
    rows: int
    source: str
    split: str


def evaluate_part(
    model: nn.Module,
    data: Any,
    options: ReadOptions,
    *,
    precision: Precision = "no",
) -> Evaluation:
    """Return the metrics as `evaluate` does, with the rows that they were measured
    on."""
    spec = model_metadata(model).spec
    if get_task(spec.task).metric is None:
        problem = f"zoo.evaluate has no measure for its task, {spec.task}."
        raise OptionError(spec.name, problem, [])
    part = reader.read_part(
        data,
        spec.input,
        spec.output,
        ["test", "validation"],
        labels=spec.labels or None,
        **asdict(options),
    )
    model = at_precision(model, precision)
    output = predict_examples(model, part.rows)
    check_used(model, precision)
    metrics = compute_metrics(model, output, part.rows)
    return Evaluation(metrics, len(part.rows), part.source, part.name)


@torch.inference_mode()
def predict_examples(model: nn.Module, rows: LabeledExamples) -> Tensor:
    """Return the outputs of the model for examples, (rows, ...)."""
    with eval_mode(model):
        outputs = [
            unwrap_model(model)(inputs) for inputs in features.model_inputs(model, rows)
        ]
    return torch.cat(outputs)


def compute_metrics(
    model: nn.Module, output: Tensor, rows: LabeledExamples
) -> dict[str, float]:
    """Return the metrics of the model's task for its outputs on rows."""
    spec = model_metadata(model).spec
    target = features.targets(model, rows)
    return get_task(spec.task).compute_metrics(output, target, spec.output)
