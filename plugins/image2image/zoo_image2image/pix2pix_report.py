"""The report of pix2pix: what its model card says of it."""

from torch import nn

from zoo import Run
from zoo.recipes import TensorRows

__all__ = ["evaluate", "report"]


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return how far photographs are from the real ones."""
    raise NotImplementedError


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    raise NotImplementedError
