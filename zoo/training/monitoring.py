"""What is seen of a run while it goes: progress, and losses that go wrong."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from torch import Tensor, nn

from zoo.errors import Collapsed, Diverged
from zoo.models.metadata import unwrap_model
from zoo.training.execution import ExecutionContext

__all__ = ["BestWeights", "LossTracker", "TrainingMonitor", "check_mode_collapse"]

EXPLODED = 1e3  # times the first step's loss: no run comes back from there
LEAST, OFTEN = 0.2, 3  # variety that samples should have; epochs in a row without it
GLANCE = 0.25  # seconds between two looks at progress and loss


class TrainingMonitor(Protocol):
    """What looks on while a run goes: a progress bar, or nobody."""

    def begin(self, epochs: int, done: int) -> None: ...

    def steps(self, done: int, total: int) -> None: ...

    def epoch(self, row: Mapping[str, float]) -> None: ...


class LossTracker:
    """Sums losses by name, where they lie: asking for a value waits for the device."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Tensor, int]] = {}
        self._first: dict[str, Tensor] = {}
        self._looked = time.perf_counter()

    def add(self, name: str, value: Tensor) -> None:
        """Add the loss of one step."""
        held = self._sums.get(name)
        self._first.setdefault(name, value)
        self._sums[name] = (held[0] + value, held[1] + 1) if held else (value, 1)

    def means(self, place: ExecutionContext, epoch: int) -> dict[str, float]:
        """Return the mean losses since the last call. Raises Diverged."""
        found = {
            name: place.mean(total / count).item()
            for name, (total, count) in self._sums.items()
        }
        self._sums = {}
        for name, value in found.items():
            most = EXPLODED * max(abs(self._first[name].item()), 1.0)
            if not math.isfinite(value) or abs(value) > most:
                raise Diverged(value, epoch)
        return found

    def check_finite(self, epoch: int) -> bool:
        """Return whether it is time to look; raise Diverged if a sum is no number."""
        now = time.perf_counter()
        if now - self._looked < GLANCE:
            return False
        self._looked = now
        for total, _ in self._sums.values():
            if not math.isfinite(value := total.item()):
                raise Diverged(value, epoch)
        return True


def check_mode_collapse(history: Sequence[Mapping[str, float]]) -> None:
    """End a run whose samples have long had no variety; see `zoo.evaluation.frechet_distance.feature_diversity`.

    One epoch without it is common, and often passes. Raises Collapsed.
    """
    last = history[-OFTEN:]
    if len(last) == OFTEN and all(row["variety"] < LEAST for row in last):
        raise Collapsed(last[-1]["variety"], int(last[-1]["epoch"]))


class BestWeights:
    """The weights of the best epoch so far, and which one that was."""

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch
        self.value: tuple[float, ...] = (-math.inf,)
        self.weights: dict[str, Tensor] = {}

    def update(self, model: nn.Module, value: tuple[float, ...], epoch: int) -> None:
        """Keep a copy of the weights if the value is above all before.

        Of values with several parts, the next decides where one is equal.
        """
        if value > self.value:
            weights = unwrap_model(model).state_dict()
            self.weights = {name: tensor.clone() for name, tensor in weights.items()}
            self.epoch, self.value = epoch, value

    def restore(self, model: nn.Module) -> nn.Module:
        """Return the model with those weights, or as it is if there were none."""
        if self.weights:
            model.load_state_dict(self.weights)
        return model
