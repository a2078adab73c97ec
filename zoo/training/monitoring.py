"""What looks on while a run goes."""

from collections.abc import Mapping
from typing import Protocol

__all__ = ["TrainingMonitor"]


class TrainingMonitor(Protocol):
    """What looks on while a run goes: a progress bar, or nobody."""

    def begin(self, epochs: int, done: int) -> None: ...

    def steps(self, done: int, total: int) -> None: ...

    def epoch(self, row: Mapping[str, float]) -> None: ...
