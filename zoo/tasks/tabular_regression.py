"""A table row in, a number out. The Hub's tag is tabular-regression."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from zoo.runtime import regression
from zoo.specs import NumberOutput, TabularInput
from zoo.tasks._task import Figures, RawRows, Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import Regression

__all__ = ["TASK"]


class TabularRegression(Task[TabularInput, NumberOutput]):
    input_types = (TabularInput,)
    output_types = (NumberOutput,)
    metric = "rmse"

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: NumberOutput
    ) -> list[Result]:
        """Return a typed result for each row of the model's output."""
        return [Regression(**one) for one in regression.results(output, output_spec)]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: NumberOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean squared error; numbers have no classes to weigh."""
        return functional.mse_loss(output.flatten(), target.to(output.dtype))

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: NumberOutput
    ) -> dict[str, float]:
        """Return RMSE and MAE, in the number's unit, and the variance explained, R2."""
        predicted, true = (
            regression.numbers(one, output_spec) for one in (output, target)
        )
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
        target = self.target_tensor(rows, input_spec, output_spec)
        return {"the mean": self.compute_metrics(flat, target, output_spec)}

    def constant_loss(
        self, output: Tensor, target: Tensor, output_spec: NumberOutput
    ) -> float:
        flat = torch.zeros_like(output) + target.float().mean()
        return self.loss(flat, target, output_spec).item()


TASK = TabularRegression()
