"""Evaluate a model on a tensor dataset, as recipes do."""

import torch
from torch import Tensor, nn

from zoo.datasets.streaming import StreamedRows
from zoo.models.metadata import model_metadata
from zoo.runtime import rows as runtime
from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.rows import TensorRows, to_model_input
from zoo.tasks import get_task

__all__ = ["evaluate", "predict_batches"]


def evaluate(model: nn.Module, rows: TensorRows | StreamedRows) -> dict[str, float]:
    """Return the metrics of the model's task, in eval mode; see `zoo.tasks`."""
    spec = model_metadata(model).spec
    outputs = [
        predict_batches(model, to_model_input(part, spec.input))
        for part in rows.in_order()
    ]
    return get_task(spec.task).compute_metrics(
        torch.cat(outputs), rows.target, spec.output
    )


def predict_batches(
    model: nn.Module, inputs: Tensor, *, batch_size: int = 1000
) -> Tensor:
    """Return the outputs of the model for prepared inputs, on the CPU, in eval mode."""
    with eval_mode(model):
        return runtime.predict_batches(model, inputs, batch_size=batch_size)
