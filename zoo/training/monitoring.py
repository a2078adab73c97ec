"""What looks on while a run goes."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

__all__ = ["DataMonitor", "StageMonitor", "TrainingMonitor"]


class TrainingMonitor(Protocol):
    """What looks on while a run goes: a progress bar, or nobody."""

    def training_started(self, epochs: int, done: int) -> None: ...

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: Mapping[str, float]) -> None: ...


@runtime_checkable
class StageMonitor(Protocol):
    """A monitor that also learns what is done before there are epochs."""

    def stage_started(self, what: str) -> None: ...


@runtime_checkable
class DataMonitor(Protocol):
    """A monitor that also learns what stands in a user's data, where it shows it."""

    @property
    def shows_data(self) -> bool: ...

    def data_read(self, lines: Sequence[str]) -> None: ...
