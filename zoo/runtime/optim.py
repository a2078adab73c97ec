"""Optimizers and schedules by name, so that a recipe's settings can choose them.

They are torch's own, where torch has them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim import lr_scheduler as schedules

from zoo.runtime.choices import SettingsError, find_choice

__all__ = ["OPTIMIZERS", "SCHEDULES", "lbfgs_closure", "optimizer", "schedule"]

# One fused kernel does a whole step where torch has one for every device.
_SGD: dict[str, Any] = {"fused": True}
OPTIMIZERS: Mapping[str, tuple[type[Optimizer], Mapping[str, Any]]] = {
    "gd": (torch.optim.SGD, _SGD),  # what makes it stochastic is the batch
    "sgd": (torch.optim.SGD, _SGD),
    "momentum": (torch.optim.SGD, {**_SGD, "momentum": 0.9}),
    "nag": (torch.optim.SGD, {**_SGD, "momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "l-bfgs": (torch.optim.LBFGS, {"line_search_fn": "strong_wolfe"}),
}

SCHEDULES = ("constant", "step", "exponential", "cosine", "warm-up", "one-cycle")


def optimizer(
    name: str, parameters: Iterable[Any], lr: float, **options: Any
) -> Optimizer:
    """Return an optimizer over `parameters`; `options` are those of torch's class.

    "l-bfgs" asks for the loss several times in a step: see `lbfgs_closure`.
    """
    kind, usual = find_choice("optimizer", name, OPTIMIZERS)
    try:
        made: Optimizer = kind(parameters, lr=lr, **{**usual, **options})
    except (TypeError, ValueError) as exc:
        raise SettingsError(f"Optimizer {name!r}: {exc}.") from exc
    return made


def lbfgs_closure(
    optimizer: Optimizer, loss: Callable[[], Tensor]
) -> Callable[[], float]:
    """Return a closure: `optimizer.step(lbfgs_closure(optimizer, loss))`."""

    def closure() -> float:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value.item()

    return closure


def schedule(
    name: str,
    optimizer: Optimizer,
    steps: int,
    *,
    period: int | None = None,
    decay: float = 0.9,
) -> schedules.LRScheduler:
    """Return how the learning rate goes from the optimizer's own through `steps` steps.

    `period` is a number of steps, by default a tenth of all: between two decays ("step"
    at once, "exponential" smoothly, each by the factor `decay`), from one restart of
    the "cosine" to the next, or of the "warm-up".
    """
    find_choice("schedule", name, dict.fromkeys(SCHEDULES))
    period = max(1, steps // 10) if period is None else period
    if period < 1 or steps < 1:
        raise SettingsError(
            f"Schedule {name!r}: period={period} of {steps} steps; both should be at "
            "least 1."
        )
    if name == "one-cycle":
        highest = [group["lr"] for group in optimizer.param_groups]
        return schedules.OneCycleLR(optimizer, max_lr=highest, total_steps=steps)
    if name == "cosine":
        return schedules.CosineAnnealingWarmRestarts(optimizer, T_0=period)
    factors: dict[str, Callable[[int], float]] = {
        "constant": lambda done: 1.0,
        "step": lambda done: decay ** (done // period),
        "exponential": lambda done: decay ** (done / period),
        "warm-up": lambda done: min(1.0, (done + 1) / period),
    }
    return schedules.LambdaLR(optimizer, factors[name])
