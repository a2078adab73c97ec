"""Inputs to codes and back, by a model that has methods for it."""

from typing import Any

from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError
from zoo.runtime.rows import unwrap_model

__all__ = ["decode", "encode"]


def encode(model: nn.Module, batch: Tensor) -> Tensor:
    """Return the code of each row of a prepared batch, (batch, numbers)."""
    method: Any = unwrap_model(model).encode
    with eval_mode(model):
        return forward_on_device(model, batch, method).float()


def decode(
    model: nn.Module, code: Tensor, *, expected: str = "codes as encode gives them"
) -> Tensor:
    """Return the model's outputs for codes. Raises InputError."""
    method: Any = unwrap_model(model).decode
    try:
        with eval_mode(model):
            return forward_on_device(model, code, method)
    except RuntimeError as exc:  # torch's word for shapes that don't fit
        problem = f"A code of {code.shape[1]} numbers can't be decoded."
        raise InputError(problem, expected) from exc
