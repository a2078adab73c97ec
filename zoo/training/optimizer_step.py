"""A step down a gradient, as every loop takes it: in the zoo, and in an ejected recipe.

Knows torch; does not know models, data or what else a run is.
"""

import math
from collections.abc import Iterable, Sized
from typing import Protocol

import torch
from torch import Tensor

from zoo.training.optim import Averages

__all__ = ["Stepping"]


class StepContext(Protocol):
    """Where gradients are computed."""

    def backward(self, loss: Tensor) -> None: ...

    def clip(self, parameters: Iterable[Tensor], most: float) -> None: ...


class Losses(Protocol):
    """What keeps the losses of an epoch, by name."""

    def add(self, name: str, value: Tensor) -> None: ...


class Stepping:
    """What a run does between a loss and the next batch."""

    def __init__(self, place: StepContext, losses: Losses) -> None:
        self._where, self._noted = place, losses
        self._averages = Averages()
        self._counts: dict[int, int] = {}

    def steps(self, rows: Sized, size: int, epochs: int) -> int:
        """Return how many steps a whole run takes: schedules want to know."""
        return math.ceil(len(rows) / size) * epochs

    def step(
        self,
        loss: Tensor,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
        *,
        clip: float | None = None,
        accumulate: int = 1,
        name: str = "loss",
    ) -> None:
        """Go one step down the gradient of `loss`.

        `clip` bounds the gradient's norm; with `accumulate`, gradients of that many
        calls make one step. `name` tells losses apart where there are several. What the
        optimizer leaves alone should need no gradient: it would add up there.
        """
        self._where.backward(loss / accumulate if accumulate > 1 else loss)
        self._noted.add(name, loss.detach())
        if accumulate > 1:
            count = self._counts[id(optimizer)] = self._counts.get(id(optimizer), 0) + 1
            if count % accumulate:
                return
        if clip is not None:
            groups = optimizer.param_groups
            self._where.clip([p for group in groups for p in group["params"]], clip)
        optimizer.step()
        optimizer.zero_grad()
        if schedule is not None:
            schedule.step()
        self._averages.follow(optimizer)
