"""Mixed precision: which number format a model computes in, and where that pays."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from types import MethodType
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from zoo._utils.hardware import cpu_features
from zoo.errors import PrecisionError
from zoo.runtime.rows import unwrap_model

__all__ = [
    "DTYPES",
    "Autocast",
    "Precision",
    "Resolved",
    "at_precision",
    "check_used",
    "computes_in_bfloat16",
    "quantized_layer",
    "resolve_precision",
    "without_autocast",
]

Precision = Literal["auto", "no", "bf16", "fp16"]
Resolved = Literal["no", "bf16", "fp16"]

# Modules of the classes of quantized layers, and of quantized weights.
QUANTIZED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized", "torchao.")

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
# What processors call their instructions for products in bfloat16: x86 twice, and Arm.
# Without one of them, the same product takes longer in bfloat16 than in float32.
BFLOAT16_FEATURES = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


def computes_in_bfloat16(device: str | torch.device) -> bool:
    """Return whether the hardware itself computes in bfloat16.

    Of "mps" it is not known whether that pays, so the answer is False.
    """
    kind = torch.device(device).type
    if kind == "cpu":
        return not BFLOAT16_FEATURES.isdisjoint(cpu_features())
    return kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def resolve_precision(
    precision: Precision, device: str | torch.device, *, proven: bool = True
) -> Resolved:
    """Return what "auto" means on a device: "bf16" where it pays, else "no".

    It is "no" as well where bfloat16 is not `proven` to be as accurate. Raises
    PrecisionError for another word, and for "fp16" on a CPU.

    >>> resolve_precision("bf16", "cpu")
    'bf16'
    """
    if precision not in get_args(Precision):
        raise PrecisionError(
            f"precision={precision!r} is none of 'auto', 'no', 'bf16' and 'fp16'."
        )
    if precision == "auto":
        return "bf16" if proven and computes_in_bfloat16(device) else "no"
    if precision == "fp16" and torch.device(device).type == "cpu":
        raise PrecisionError(
            "precision='fp16' needs a GPU, and this runs on the CPU. Use 'bf16', or "
            "'auto', which takes it where the processor computes in it."
        )
    return precision


@dataclass
class Autocast:
    """The precision of models, and whether one has computed in it."""

    precision: Resolved
    training_only: bool = True  # what is computed in evaluation mode stays float32
    used: bool = False

    def apply(self, model: nn.Module) -> nn.Module:
        """Let a model compute in this precision; return the model.

        Its weights and its outputs stay float32.
        """
        vars(model).update(_zoo_autocast=self, forward=MethodType(_forward, model))
        return model

    def __deepcopy__(self, memo: dict[int, Any]) -> Autocast:
        return self  # a copy of a model, such as its moving average, reports to one


def quantized_layer(model: nn.Module) -> str | None:
    """Return the name of the first layer with quantized weights, whole numbers with a
    scale, as torch.ao and torchao make them; None where there is none."""
    name: str
    for name, layer in unwrap_model(model).named_modules():
        kinds = [type(layer), *(type(one) for one in layer._parameters.values())]
        if any(kind.__module__.startswith(QUANTIZED) for kind in kinds):
            return name
    return None


def at_precision(model: nn.Module, precision: Precision) -> nn.Module:
    """Return the model for inference at a precision: itself, or one beside it.

    The one beside it shares all weights and parts, and gives float32 outputs. Raises
    PrecisionError.
    """
    parameter = next(model.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    resolved = resolve_precision(precision, device)
    layer = None if resolved == "no" else quantized_layer(model)
    if resolved == "no" or (layer is not None and precision == "auto"):
        return model
    if layer is not None:
        raise PrecisionError(
            f"precision={precision!r} is not for a model that was quantized: its layer "
            f"{layer!r} computes in whole numbers. Give the model that it was made of, "
            "or precision='no'."
        )
    if unwrap_model(model) is not model:
        raise PrecisionError(
            f"precision={precision!r} is not for a model that was compiled or "
            "distributed. Give the model itself, or precision='no'."
        )
    return Autocast(resolved, training_only=False).apply(copy.copy(model))


def check_used(model: nn.Module, precision: Precision) -> None:
    """Raise PrecisionError where a precision that was asked for had no effect.

    `model` is what `at_precision` returned, after it has computed.
    """
    own: Autocast | None = vars(model).get("_zoo_autocast")
    if own is not None and not own.used and precision != "auto":
        raise PrecisionError(
            f"precision={precision!r} has no effect on this model: what was asked "
            "of it does not go through its forward. Leave precision out."
        )


def without_autocast(model: nn.Module) -> nn.Module:
    """Undo `Autocast.apply`; return the model."""
    for name in ("forward", "_zoo_autocast", "_original_forward"):  # accelerate's, too
        vars(model).pop(name, None)
    return model


def _forward(model: nn.Module, *args: Any, **kwargs: Any) -> Any:
    """Stand for the `forward` of a model's class, on the instance."""
    forward = type(model).forward
    own: Autocast = vars(model)["_zoo_autocast"]
    if own.training_only and not model.training:
        return forward(model, *args, **kwargs)
    tensors = [
        value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)
    ]
    device = tensors[0].device.type if tensors else "cpu"
    own.used = True
    with torch.autocast(device, DTYPES[own.precision]):
        output = forward(model, *args, **kwargs)
    return _to_float32(output)


def _to_float32(output: Any) -> Any:
    """Return outputs, also in tuples, lists and dicts, with floats of 32 bits."""
    if isinstance(output, Tensor):
        return output.float() if output.is_floating_point() else output
    if isinstance(output, dict):
        return type(output)((k, _to_float32(v)) for k, v in output.items())
    if isinstance(output, tuple) and hasattr(output, "_fields"):  # a named tuple
        return type(output)(*map(_to_float32, output))
    if isinstance(output, (tuple, list)):
        return type(output)(map(_to_float32, output))
    return output
