"""A model on a user's own rows: its outputs, and its task's metrics."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom import reader as gathering
from zoo.datasets.custom.examples import Examples
from zoo.errors import OptionError
from zoo.inference import features as featuring
from zoo.models.eval_mode import evaluating
from zoo.models.metadata import about, unwrapped
from zoo.tasks import task

__all__ = ["evaluate", "measured", "outputs"]


def evaluate(
    model: nn.Module, data: Any, *, target: str | None = None
) -> dict[str, float]:
    """Return the metrics of a model's task on a user's own data.

    `data` is what `zoo.finetune` takes; of data in parts, the test rows, or those for
    validation, or else all. Labels must be the model's. Raises DataError, InputError.
    """
    spec = about(model).spec
    if not hasattr(task(spec.task), "measure"):
        problem = f"zoo.evaluate has no measure for its task, {spec.task}."
        raise OptionError(spec.name, problem, [])
    labels = spec.labels or None
    found = gathering.gather(
        data, spec.input, spec.output, target=target, labels=labels
    )
    rows = found.test or found.validation or found.training
    return measured(model, outputs(model, rows), rows)


@torch.inference_mode()
def outputs(model: nn.Module, rows: Examples) -> Tensor:
    """Return what the model gives for examples, (rows, ...)."""
    with evaluating(model):
        found = [unwrapped(model)(given) for given in featuring.prepared(model, rows)]
    return torch.cat(found)


def measured(model: nn.Module, output: Tensor, rows: Examples) -> dict[str, float]:
    """Return the metrics of the model's task for its output on rows."""
    spec = about(model).spec
    target = featuring.targets(model, rows)
    return task(spec.task).measure(output, target, spec.output)
