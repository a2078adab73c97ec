"""Noise that a model turns into something: given as a tensor, or drawn."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.errors import InputError
from zoo.preprocessing.preprocessor import Preprocessor
from zoo.specs import NoiseInput

__all__ = ["NoisePreprocessor"]


class NoisePreprocessor(Preprocessor[NoiseInput]):
    """Noise is what it is: (numbers,) or (rows, numbers), floats."""

    def items(self, raw: Any, input_spec: NoiseInput) -> tuple[list[Any], bool]:
        wanted = (
            f"a float tensor of noise, ({input_spec.latent_dim},) or (rows, the same),"
        )
        wanted += " or None: then it draws"
        if not isinstance(raw, Tensor) or not raw.is_floating_point():
            raise InputError(f"A {type(raw).__name__} is not noise.", wanted)
        if (
            raw.ndim not in (1, 2)
            or raw.shape[-1] != input_spec.latent_dim
            or not len(raw)
        ):
            raise InputError(f"The tensor has shape {tuple(raw.shape)}.", wanted)
        return [raw] if raw.ndim == 1 else list(raw), raw.ndim == 1

    def opened(self, item: Any, input_spec: NoiseInput) -> Any:
        return item

    def batch(self, opened: Sequence[Tensor], input_spec: NoiseInput) -> Tensor:
        return torch.stack(list(opened)).detach().cpu().float()

    def synthetic(
        self, input_spec: NoiseInput, rows: int, random: torch.Generator
    ) -> Tensor:
        return torch.randn(rows, input_spec.latent_dim, generator=random)
