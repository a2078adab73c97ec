"""What looks on while a run goes."""

from collections.abc import Mapping
from typing import Protocol

__all__ = ["TrainingMonitor"]


class TrainingMonitor(Protocol):
    """What looks on while a run goes: a progress bar, or nobody."""

    def training_started(self, epochs: int, done: int) -> None: ...

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: Mapping[str, float]) -> None: ...
