"""Series as tensors: what a model takes, and what looks wrong about it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.preprocessing.preprocessor import InputWarning, Preprocessor
from zoo.preprocessing.tabular import by_column, drawn, far_values, table_warnings
from zoo.runtime import time_series
from zoo.runtime.time_series import Series
from zoo.specs import SeriesInput

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

    def input_warnings(
        self, batch: Tensor, input_spec: SeriesInput
    ) -> list[InputWarning]:
        """Return a warning for each column with values far outside, of the series
        where they are, and of the first step."""
        warnings, length = [], input_spec.length
        for place, column in enumerate(input_spec.columns):
            found = far_values(column, batch[..., place].flatten().tolist())
            if found is not None:
                step = found.rows[0] % length + 1
                warnings.append(
                    found._replace(
                        sentence=f"{found.sentence} in step {step} of {length}",
                        rows=tuple(sorted({row // length for row in found.rows})),
                        noun="series",
                    )
                )
        return warnings

    def table_warnings(self, rows: Any, input_spec: SeriesInput) -> list[InputWarning]:
        return table_warnings(rows, input_spec.columns)

    def synthetic(
        self, input_spec: SeriesInput, rows: int, random: torch.Generator
    ) -> Tensor:
        steps = drawn(input_spec.columns, rows * input_spec.length, random)
        return steps.view(rows, input_spec.length, len(input_spec.columns))
