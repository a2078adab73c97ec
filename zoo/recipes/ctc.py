"""Connectionist temporal classification: the loss, and texts from steps."""

from zoo.runtime.ctc import (
    best_path,
    likelihood,
    loss,
    min_steps,
    padded,
    prefix_beam_search,
    unpadded,
)

__all__ = [
    "best_path",
    "likelihood",
    "loss",
    "min_steps",
    "padded",
    "prefix_beam_search",
    "unpadded",
]
