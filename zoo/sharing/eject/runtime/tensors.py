"""Rows in memory, and what a model makes of them, for a recipe that was ejected.

As `zoo.datasets.in_memory` and `zoo.evaluation.evaluate_tensors` have them, with torch alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.splits import Fold, fold_split, random_split
from zoo.models.eval_mode import eval_mode

__all__ = [
    "Fold",
    "TensorRows",
    "evaluate",
    "normalize",
    "predict_batches",
    "to_model_input",
    "unwrap_model",
]

CHUNK = 1000  # rows that are looked at together


@dataclass(frozen=True, kw_only=True)
class TensorRows:
    """Rows: `input` (rows, ...) and `target` (rows,) or (rows, labels).

    Pictures may be bytes, (rows, channels, height, width). Rows that are `timed` follow
    each other in time.
    """

    input: Tensor
    target: Tensor
    source: str = "rows"
    timed: bool = False

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: slice | Tensor) -> "TensorRows":
        return replace(self, input=self.input[rows], target=self.target[rows])

    def split(self, fraction: float, *, seed: int) -> tuple["TensorRows", "TensorRows"]:
        """Return two parts in random order, the first with `fraction` of the rows."""
        drawn = None if self.timed else seed
        first, second = random_split(
            len(self), fraction, seed=drawn, source=self.source
        )
        return self[first], self[second]

    def fold(self, fold: Fold, *, seed: int) -> tuple["TensorRows", "TensorRows"]:
        """Return the rows outside and inside a fold."""
        outside, inside = fold_split(self.target, fold, seed=seed, source=self.source)
        return self[outside], self[inside]

    def in_order(self) -> Iterator[Tensor]:
        """Yield all inputs in their order, many at a time."""
        yield from self.input.split(CHUNK)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return how often a model is right, or how far its numbers are off."""
    spec: Any = unwrap_model(model).spec_of_run
    said = predict_batches(model, normalize(to_model_input(rows.input), spec.input))
    if spec.output.kind != "classes":
        off = said.double() - rows.target.double().view_as(said)
        rmse, mae = off.square().mean().sqrt(), off.abs().mean()
        return {"rmse": rmse.item(), "mae": mae.item()}
    if spec.output.function_to_apply == "softmax":
        right = said.argmax(dim=1) == rows.target
    else:
        right = (said > 0).view_as(rows.target) == rows.target
    return {"accuracy": right.float().mean().item()}


@torch.inference_mode()
def predict_batches(model: nn.Module, given: Tensor, *, batch: int = 1000) -> Tensor:
    """Return what the model gives for prepared inputs, on the CPU, in eval mode."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    with eval_mode(model):
        found = [model(part.to(device)).cpu() for part in given.split(batch)]
    return torch.cat(found)


def to_model_input(rows: Tensor) -> Tensor:
    """Return inputs as models take them: bytes become floats in 0..1."""
    return rows.float().div_(255) if rows.dtype == torch.uint8 else rows


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model itself: nothing here wraps one."""
    return model


def normalize(batch: Tensor, input_spec: Any) -> Tensor:
    """Return pixels less a mean and by a deviation, where a model expects them so."""
    if not hasattr(input_spec, "mean"):
        return batch
    mean, std = (
        torch.tensor(n).view(-1, 1, 1) for n in (input_spec.mean, input_spec.std)
    )
    return (batch - mean) / std
