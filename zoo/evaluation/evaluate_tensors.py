"""A model's outputs over a dataset, and its task's metrics, as recipes need them."""

import torch
from torch import Tensor, nn

from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.datasets.streaming import StreamedRows
from zoo.models.eval_mode import eval_mode
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.tasks import get_task

__all__ = ["evaluate", "predict_batches"]


def evaluate(model: nn.Module, rows: TensorRows | StreamedRows) -> dict[str, float]:
    """Return the metrics of the model's task, in eval mode; see `zoo.tasks`."""
    spec = model_metadata(model).spec
    found = [
        predict_batches(model, to_model_input(part, spec.input))
        for part in rows.in_order()
    ]
    return get_task(spec.task).measure(torch.cat(found), rows.target, spec.output)


@torch.inference_mode()
def predict_batches(model: nn.Module, given: Tensor, *, batch: int = 1000) -> Tensor:
    """Return what the model gives for prepared inputs, on the CPU, in eval mode."""
    model = unwrap_model(model)
    first = next(model.parameters(), None)
    device = first.device if first is not None else torch.device("cpu")
    with eval_mode(model):
        found = [model(part.to(device)).cpu() for part in given.split(batch)]
    return torch.cat(found)
