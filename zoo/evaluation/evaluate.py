"""Evaluate a model on a user's own data: its outputs, and the metrics of its task."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom import reader
from zoo.datasets.custom.examples import LabeledExamples
from zoo.errors import OptionError
from zoo.inference import features
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.models.precision import Precision, at_precision, check_used
from zoo.runtime.eval_mode import eval_mode
from zoo.tasks import get_task

__all__ = ["compute_metrics", "evaluate", "predict_examples"]


def evaluate(
    model: nn.Module,
    data: Any,
    *,
    target: str | None = None,
    precision: Precision = "no",
) -> dict[str, float]:
    """Return the metrics of a model's task on a user's own data.

    `data` is as for `zoo.finetune`. Of data with several splits, the test rows are
    used, or else the validation rows. Labels must be the model's. With `precision`
    "bf16", or "auto" where the hardware can, the model computes in bfloat16. Raises
    DataError, InputError, PrecisionError.
    """
    spec = model_metadata(model).spec
    if get_task(spec.task).metric is None:
        problem = f"zoo.evaluate has no measure for its task, {spec.task}."
        raise OptionError(spec.name, problem, [])
    labels = spec.labels or None
    splits = reader.read_data(
        data, spec.input, spec.output, target=target, labels=labels
    )
    rows = splits.test or splits.validation or splits.training
    model = at_precision(model, precision)
    output = predict_examples(model, rows)
    check_used(model, precision)
    return compute_metrics(model, output, rows)


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
