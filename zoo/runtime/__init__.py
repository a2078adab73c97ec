"""What recipes train with and models predict with: the zoo, and what it ejects.

May import: nothing else of zoo.
"""

# Words in the names of metrics of which a smaller value is better.
ERRORS = {"rmse", "mse", "mae", "nme"}
LOWER = ERRORS | {"negative", "distance", "frechet", "bits", "nats", "perplexity"}


class ZooError(Exception):
    """Base class of everything that is raised on purpose."""


class DataError(ZooError):
    """Rows could not be loaded, or are not what the recipe expects."""


class TrainingError(ZooError):
    """A recipe could not run, or stopped with an error."""


class Diverged(TrainingError):
    """The loss is no longer a finite number, or grows without bound."""

    def __init__(self, loss: float, epoch: int, kept: str | None = None) -> None:
        super().__init__(
            f"The loss became {loss:.4g} in epoch {epoch}. Lower the learning rate "
            "(the setting lr), and look for empty, infinite or unscaled values in the "
            f"data.{f' The best weights before that are in {kept}.' if kept else ''}"
        )
        self.loss, self.epoch = loss, epoch


def lower_is_better(metric: str) -> bool:
    """Return whether a smaller value of this metric is better."""
    return bool(LOWER & set(metric.split("_"))) or "loss" in metric or "error" in metric
