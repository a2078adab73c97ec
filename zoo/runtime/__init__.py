"""What recipes train with and models predict with: the zoo, and what it ejects.

May import: nothing else of zoo.
"""

# In the name of a metric that is the better, the smaller it is.
LOWER = {"rmse", "mse", "mae", "negative", "frechet", "bits", "nats", "perplexity"}


class ZooError(Exception):
    """Base class of everything that is raised on purpose."""


class DataError(ZooError):
    """Rows could not be had, or do not hold what they should."""


class TrainingError(ZooError):
    """A recipe could not run, or broke off."""


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
    """Return whether a metric of this name is the better, the smaller it is."""
    return bool(LOWER & set(metric.split("_"))) or "loss" in metric or "error" in metric
