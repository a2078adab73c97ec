"""A model's outputs over a dataset, and its task's metrics, as recipes need them."""

import torch
from torch import Tensor, nn

from zoo.datasets.in_memory import Tensors, prepared
from zoo.datasets.streaming import Rows
from zoo.models.eval_mode import evaluating
from zoo.models.metadata import about, unwrapped
from zoo.tasks import task

__all__ = ["measure", "outputs"]


def measure(model: nn.Module, rows: Tensors | Rows) -> dict[str, float]:
    """Return the metrics of the model's task, in eval mode; see `zoo.tasks`."""
    spec = about(model).spec
    found = [outputs(model, prepared(part, spec.input)) for part in rows.in_order()]
    return task(spec.task).measure(torch.cat(found), rows.target, spec.output)


@torch.inference_mode()
def outputs(model: nn.Module, given: Tensor, *, batch: int = 1000) -> Tensor:
    """Return what the model gives for prepared inputs, on the CPU, in eval mode."""
    model = unwrapped(model)
    first = next(model.parameters(), None)
    device = first.device if first is not None else torch.device("cpu")
    with evaluating(model):
        found = [model(part.to(device)).cpu() for part in given.split(batch)]
    return torch.cat(found)
