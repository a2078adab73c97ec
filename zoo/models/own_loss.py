"""Models that return their own loss: `forward(input, target)`.

Where only a part of what a model computes counts, such as the anchors that a detector
draws at random, the loss is no function of its output.
"""

import inspect

from torch import nn

from zoo.models.metadata import unwrap_model

__all__ = ["has_own_loss"]


def has_own_loss(model: nn.Module) -> bool:
    """Return whether a model takes a target beside its input, and returns its losses
    then."""
    return "target" in inspect.signature(unwrap_model(model).forward).parameters
