"""Connectionist temporal classification: the loss, and texts from steps."""

from zoo.runtime.ctc import (
    best_path,
    likelihood,
    loss,
    min_steps,
    pad,
    prefix_beam_search,
    unpad,
)

__all__ = [
    "best_path",
    "likelihood",
    "loss",
    "min_steps",
    "pad",
    "prefix_beam_search",
    "unpad",
]
