"""Run a model in eval mode and leave it as it was, part by part."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

__all__ = ["evaluating"]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put every part of `model` in eval mode; afterwards each is as it was.

    `model.train(model.training)` is not enough: a frozen part is in eval mode while the
    rest trains, and would begin to train with it.
    """
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
