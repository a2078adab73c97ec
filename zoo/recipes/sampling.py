"""Samples of a generator, and what a run of one looks for."""

from zoo.inference.sample import sample
from zoo.runtime.mode_collapse import check_mode_collapse
from zoo.runtime.sampling import draw_samples

__all__ = [
    "check_mode_collapse",
    "draw_samples",
    "sample",
]
