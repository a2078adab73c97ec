"""Evaluate a model on a tensor dataset, as recipes do."""

from torch import nn

from zoo.datasets.streaming import StreamedRows
from zoo.models.metadata import model_metadata
from zoo.runtime.rows import TensorRows, predict_batches
from zoo.tasks import get_task

__all__ = ["evaluate"]


def evaluate(model: nn.Module, rows: TensorRows | StreamedRows) -> dict[str, float]:
    """Return the metrics of the model's task, in eval mode; see `zoo.tasks`."""
    spec = model_metadata(model).spec
    output = predict_batches(model, rows)
    return get_task(spec.task).compute_metrics(output, rows.target, spec.output)
