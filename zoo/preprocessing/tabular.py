"""Table rows as tensors: what a model takes, and what looks wrong about it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.errors import InputError
from zoo.preprocessing.preprocessor import InputWarning, Preprocessor
from zoo.runtime import tabular
from zoo.specs import Column, TabularInput

__all__ = ["TabularPreprocessor", "by_column", "drawn", "far_values", "table_warnings"]

MAX_RANGES_OUTSIDE = (
    1.0  # how many training ranges beyond the range is called far outside
)


class TabularPreprocessor(Preprocessor[TabularInput]):
    """Any form of a row becomes numbers in the order of the model's columns."""

    def split_items(self, raw: Any, input_spec: TabularInput) -> tuple[list[Any], bool]:
        """Take a row or rows in any form that `zoo.runtime.tabular` reads."""
        return tabular.read(raw, input_spec)

    def load_item(self, item: Any, input_spec: TabularInput) -> Any:
        """Return the row, which `split_items` has read already."""
        return item

    def collate(
        self, opened: Sequence[list[float]], input_spec: TabularInput
    ) -> Tensor:
        """Return rows as one batch (B, columns), float32."""
        return tabular.encode(opened, input_spec)

    def steps(self, input_spec: TabularInput) -> list[str]:
        names = ", ".join(column.name for column in input_spec.columns)
        shape = (len(input_spec.columns),)
        return [
            f"Read the columns {names}, in this order.",
            f"Give a float32 tensor {shape}, unscaled: the model scales it itself.",
        ]

    def inverse(self, tensor: Tensor, input_spec: TabularInput) -> dict[str, float]:
        """Return the numbers of a row, (columns,), by their columns."""
        return by_column(tensor, input_spec.columns, (len(input_spec.columns),))

    def input_warnings(
        self, batch: Tensor, input_spec: TabularInput
    ) -> list[InputWarning]:
        """Return a warning for each column with values far outside."""
        columns = zip(input_spec.columns, batch.T.tolist(), strict=True)
        found = [far_values(column, values) for column, values in columns]
        return [one for one in found if one]

    def table_warnings(self, rows: Any, input_spec: TabularInput) -> list[InputWarning]:
        return table_warnings(rows, input_spec.columns)

    def synthetic(
        self, input_spec: TabularInput, rows: int, random: torch.Generator
    ) -> Tensor:
        return drawn(input_spec.columns, rows, random)


def far_values(column: Column, values: Sequence[Any]) -> InputWarning | None:
    """Return which values of a column lie far outside what training saw, if any.

    A negative one does where training saw none. What is no number is passed over.
    """
    slack = MAX_RANGES_OUTSIDE * (column.high - column.low)
    low, high = column.low - slack, column.high + slack
    least = max(low, 0) if column.low >= 0 else low
    rows = tuple(
        row
        for row, value in enumerate(values)
        if isinstance(value, int | float) and (value < least or value > high)
    )
    if not rows:
        return None
    first, unit = values[rows[0]], f" {column.unit}" if column.unit else ""
    known = f"({column.low:.4g} to {column.high:.4g}{unit})"
    rest = f" lies far outside the training data {known}: check its unit."
    if low <= first <= high:
        rest = f" is negative, and nothing in the training data is {known}: check it."
    return InputWarning(column.name, f"{column.name} = {first:.4g}", rest, rows)


def table_warnings(rows: Any, columns: Sequence[Column]) -> list[InputWarning]:
    """Return a warning for each column of a table with values far outside."""
    found = [far_values(column, rows[column.name]) for column in columns]
    return [one for one in found if one]


def by_column(
    tensor: Tensor, columns: Sequence[Column], shape: tuple[int, ...]
) -> dict[str, Any]:
    """Return numbers, or lists of them, by the column of the last dimension."""
    if tuple(tensor.shape) != shape:
        problem = f"The tensor has shape {tuple(tensor.shape)}."
        raise InputError(problem, f"a float tensor {shape}")
    values = tensor.detach().cpu().movedim(-1, 0).tolist()
    return {c.name: value for c, value in zip(columns, values, strict=True)}


def drawn(columns: Sequence[Column], rows: int, random: torch.Generator) -> Tensor:
    """Return random numbers within the range of each column, (rows, columns)."""
    low = torch.tensor([column.low for column in columns])
    high = torch.tensor([column.high for column in columns])
    return low + (high - low) * torch.rand(rows, len(columns), generator=random)
