"""From a model's numbers to one number a row."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.rows import spec_of

__all__ = ["numbers", "predict", "results"]


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return what a model says of each row of a batch; see `results`."""
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, spec_of(model).output)


def results(output: Tensor, output_spec: Any) -> list[dict[str, Any]]:
    """Return the number of each row, its name and its unit."""
    values = numbers(output, output_spec)
    if not values.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    told = {"name": output_spec.name, "unit": output_spec.unit}
    return [{"value": value, **told} for value in values.tolist()]


def numbers(output: Tensor, output_spec: Any) -> Tensor:
    """Return one number a row, (batch,), of an output (batch, 1) or (batch,)."""
    output = output.double()
    if output.ndim == 2 and output.shape[1] == 1:
        return output[:, 0]
    if output.ndim == 1:
        return output
    wanted = f"the one number of a row, but the model's output is {tuple(output.shape)}"
    raise SpecError("NumberOutput", "name", output_spec.name, wanted)
