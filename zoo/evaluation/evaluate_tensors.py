"""Evaluate a model on a tensor dataset, as recipes do."""

from torch import nn

from zoo.datasets.streaming import StreamedRows
from zoo.models.metadata import model_metadata
from zoo.runtime.rows import TensorRows, predict_batches
from zoo.tasks import task_of

__all__ = ["evaluate"]


def evaluate(model: nn.Module, rows: TensorRows | StreamedRows) -> dict[str, float]:
    """Return the metrics of the model's task, in eval mode; see `zoo.tasks`."""
    spec = model_metadata(model).spec
    output = predict_batches(model, rows)
    return task_of(spec).compute_metrics(output, rows.target, spec.output)
