"""Noise that a model turns into something: given as a tensor, or drawn."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.errors import InputError
from zoo.preprocessing.preprocessor import Preprocessor
from zoo.runtime import noise
from zoo.specs import NoiseInput

__all__ = ["NoisePreprocessor"]


class NoisePreprocessor(Preprocessor[NoiseInput]):
    """Noise is what it is: (numbers,) or (rows, numbers), floats."""

    def split_items(self, raw: Any, input_spec: NoiseInput) -> tuple[list[Any], bool]:
        try:
            return noise.read(raw, input_spec)
        except InputError as exc:
            expected = f"{exc.expected}, or None: then it draws"
            raise InputError(exc.problem, expected) from None

    def load_item(self, item: Any, input_spec: NoiseInput) -> Any:
        return item

    def collate(self, opened: Sequence[Tensor], input_spec: NoiseInput) -> Tensor:
        return noise.encode(opened, input_spec)

    def synthetic(
        self, input_spec: NoiseInput, rows: int, random: torch.Generator
    ) -> Tensor:
        return torch.randn(rows, input_spec.latent_dim, generator=random)
