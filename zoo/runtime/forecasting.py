"""From a model's output to a forecast of a series."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.rows import spec_of
from zoo.runtime.time_series import Series

__all__ = ["predict", "results", "steps"]


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the prediction for each series of a batch; see `results`."""
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, items, spec_of(model).output)


def results(
    output: Tensor, items: Sequence[Any], output_spec: Any
) -> list[dict[str, Any]]:
    """Return a forecast for each series, beside the history that it follows upon."""
    values = steps(output, output_spec)
    if not values.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    name, unit = output_spec.name, output_spec.unit
    return [
        {
            "values": tuple(row),
            "name": name,
            "unit": unit,
            "history": one.column(name) if isinstance(one, Series) else (),
        }
        for row, one in zip(values.tolist(), items, strict=True)
    ]


def steps(output: Tensor, output_spec: Any) -> Tensor:
    """Return a number for each step ahead, (batch, horizon), of a model's output."""
    if output.ndim != 2 or output.shape[1] != output_spec.horizon:
        expected = f"that of the model's output, {tuple(output.shape)}"
        raise SpecError("ForecastOutput", "horizon", output_spec.horizon, expected)
    return output.double()
