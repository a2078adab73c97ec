"""Noise that a model turns into something, given as a tensor."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.runtime.input_errors import InputError, a_type

__all__ = ["encode", "read"]


def read(raw: Any, input_spec: Any) -> tuple[list[Tensor], bool]:
    """Return noise, (numbers,) or (rows, numbers), as rows; and whether it was one."""
    size = input_spec.latent_dim
    expected = f"a float tensor of noise, ({size},) or (rows, the same)"
    if not isinstance(raw, Tensor) or not raw.is_floating_point():
        raise InputError(f"{a_type(raw)} is not noise.", expected)
    if raw.ndim not in (1, 2) or raw.shape[-1] != size or not len(raw):
        raise InputError(f"The tensor has shape {tuple(raw.shape)}.", expected)
    return [raw] if raw.ndim == 1 else list(raw), raw.ndim == 1


def encode(rows: Sequence[Tensor], input_spec: Any) -> Tensor:
    """Return rows as one batch (B, numbers), float32."""
    return torch.stack(list(rows)).detach().cpu().float()
