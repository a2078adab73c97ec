"""A table row in, a number out. The Hub's tag is tabular-regression."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError, SpecError
from zoo.runtime import regression
from zoo.specs import NumberOutput, TabularInput
from zoo.tasks._task import Figures, RawRows, Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import Regression

__all__ = ["TASK", "numbers"]


class TabularRegression(Task[TabularInput, NumberOutput]):
    inputs = (TabularInput,)
    outputs = (NumberOutput,)
    metric = "rmse"

    def results(
        self, output: Tensor, opened: Sequence[Any], output_spec: NumberOutput
    ) -> list[Result]:
        """Return a typed result for each row of the model's output."""
        values = numbers(output, output_spec)
        if not values.isfinite().all():
            problem = (
                "The model's output is not finite: its weights or this input are at "
                "fault."
            )
            raise InputError(problem, "numbers it can count with")
        return [
            Regression(value=value, name=output_spec.name, unit=output_spec.unit)
            for value in values.tolist()
        ]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: NumberOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean squared error; numbers have no classes to weigh."""
        return functional.mse_loss(output.flatten(), target.to(output.dtype))

    def measure(
        self, output: Tensor, target: Tensor, output_spec: NumberOutput
    ) -> dict[str, float]:
        """Return RMSE and MAE, in the number's unit, and the variance explained, R2."""
        predicted, true = numbers(output, output_spec), numbers(target, output_spec)
        return regression.metrics(predicted, true)

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: TabularInput,
        output_spec: NumberOutput,
    ) -> dict[str, Figures]:
        mean = sum(training.targets) / len(training.targets)
        flat = torch.full((len(rows.targets), 1), mean)
        target = self.target(rows, input_spec, output_spec)
        return {"the mean": self.measure(flat, target, output_spec)}

    def flat_loss(
        self, output: Tensor, target: Tensor, output_spec: NumberOutput
    ) -> float:
        flat = torch.zeros_like(output) + target.float().mean()
        return self.loss(flat, target, output_spec).item()


TASK = TabularRegression()


def numbers(output: Tensor, output_spec: NumberOutput) -> Tensor:
    """Return one number a row, (batch,), of an output (batch, 1) or (batch,)."""
    output = output.double()
    if output.ndim == 2 and output.shape[1] == 1:
        return output[:, 0]
    if output.ndim == 1:
        return output
    wanted = f"the one number of a row, but the model's output is {tuple(output.shape)}"
    raise SpecError("NumberOutput", "name", output_spec.name, wanted)
