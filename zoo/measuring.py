"""A model's outputs over a dataset, and its task's metrics, as recipes need them."""

import torch
from torch import Tensor, nn

from zoo.about import about, unwrapped
from zoo.tasks import task
from zoo.tensors import Tensors, prepared

__all__ = ["measure", "outputs"]


def measure(model: nn.Module, rows: Tensors) -> dict[str, float]:
    """Return the metrics of the model's task, in eval mode; see `zoo.tasks`."""
    spec = about(model).spec
    output = outputs(model, prepared(rows.input))
    return task(spec.task).measure(output, rows.target, spec.output)


@torch.inference_mode()
def outputs(model: nn.Module, given: Tensor, *, batch: int = 1000) -> Tensor:
    """Return what the model gives for prepared inputs, on the CPU, in eval mode."""
    model = unwrapped(model)
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    found = [model(part.to(device)).cpu() for part in given.split(batch)]
    model.train(was_training)
    return torch.cat(found)
