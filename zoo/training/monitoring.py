"""What is seen of a run while it goes: progress, and samples that go wrong."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from zoo.errors import Collapsed

__all__ = ["TrainingMonitor", "check_mode_collapse"]

LEAST, OFTEN = 0.2, 3  # variety that samples should have; epochs in a row without it


class TrainingMonitor(Protocol):
    """What looks on while a run goes: a progress bar, or nobody."""

    def begin(self, epochs: int, done: int) -> None: ...

    def steps(self, done: int, total: int) -> None: ...

    def epoch(self, row: Mapping[str, float]) -> None: ...


def check_mode_collapse(history: Sequence[Mapping[str, float]]) -> None:
    """End a run whose samples have long had no variety; see
    `zoo.evaluation.frechet_distance.feature_diversity`.

    One epoch without it is common, and often passes. Raises Collapsed.
    """
    last = history[-OFTEN:]
    if len(last) == OFTEN and all(row["variety"] < LEAST for row in last):
        raise Collapsed(last[-1]["variety"], int(last[-1]["epoch"]))
