"""Series as tensors: what a model takes, and what looks wrong about it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.preprocessing.preprocessor import Preprocessor
from zoo.preprocessing.tabular import by_column, drawn, input_warning
from zoo.runtime import time_series
from zoo.runtime.time_series import Series
from zoo.specs import SeriesInput, TabularInput

__all__ = ["SeriesPreprocessor"]


class SeriesPreprocessor(Preprocessor[SeriesInput]):
    """A series becomes its last rows; what comes before them is not looked at."""

    def split_items(self, raw: Any, input_spec: SeriesInput) -> tuple[list[Any], bool]:
        """Take a series or several, in any form that `tabular.read` reads."""
        return time_series.items(raw, input_spec)

    def load_item(self, item: Any, input_spec: SeriesInput) -> Series:
        """Return the last rows of a series; what comes before them is not looked at."""
        return time_series.open_series(item, input_spec)

    def collate(self, opened: Sequence[Series], input_spec: SeriesInput) -> Tensor:
        """Return opened series as one batch (B, length, columns), float32."""
        return time_series.encode(opened, input_spec)

    def steps(self, input_spec: SeriesInput) -> list[str]:
        names = ", ".join(column.name for column in input_spec.columns)
        shape = (input_spec.length, len(input_spec.columns))
        return [
            f"Read the columns {names}, in this order.",
            f"Keep the last {input_spec.length} rows.",
            f"Give a float32 tensor {shape}, unscaled: the model scales it itself.",
        ]

    def inverse(
        self, tensor: Tensor, input_spec: SeriesInput
    ) -> dict[str, list[float]]:
        """Return the numbers of a series, (length, columns), by their columns."""
        shape = (input_spec.length, len(input_spec.columns))
        return by_column(tensor, input_spec.columns, shape)

    def input_warning(
        self, batch: Tensor, input_spec: SeriesInput
    ) -> tuple[str, str] | None:
        """See `zoo.preprocessing.tabular.input_warning`."""
        table = TabularInput(columns=input_spec.columns)
        return input_warning(batch.flatten(0, 1), table)

    def synthetic(
        self, input_spec: SeriesInput, rows: int, random: torch.Generator
    ) -> Tensor:
        steps = drawn(input_spec.columns, rows * input_spec.length, random)
        return steps.view(rows, input_spec.length, len(input_spec.columns))
