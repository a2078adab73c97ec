"""Whether a generator draws the same few things, whatever noise it is given."""

from collections.abc import Mapping, Sequence

from zoo.runtime import TrainingError

__all__ = ["Collapsed", "check_mode_collapse"]

MIN_DIVERSITY, COLLAPSE_EPOCHS = (
    0.2,
    3,
)  # variety that samples should have; epochs in a row without it


class Collapsed(TrainingError):
    """A generator draws the same few things, whatever noise it is given."""

    def __init__(self, variety: float, epoch: int, kept: str | None = None) -> None:
        super().__init__(
            f"The generator has collapsed: after epoch {epoch} its samples have "
            f"{variety:.0%} of the variety of real rows. Let the critic learn more "
            "slowly, or start from another seed (the setting seed)."
            f"{f' The best weights before that are in {kept}.' if kept else ''}"
        )
        self.variety, self.epoch = variety, epoch


def check_mode_collapse(history: Sequence[Mapping[str, float]]) -> None:
    """End a run whose samples have long had no variety; see
    `zoo.runtime.frechet_distance.feature_diversity`.

    One epoch without it is common, and often passes. Raises Collapsed.
    """
    last = history[-COLLAPSE_EPOCHS:]
    if len(last) == COLLAPSE_EPOCHS and all(
        row["variety"] < MIN_DIVERSITY for row in last
    ):
        raise Collapsed(last[-1]["variety"], int(last[-1]["epoch"]))
