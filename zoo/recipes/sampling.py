"""Samples of a generator, and what a run of one looks for."""

from zoo.inference.sample import outputs, sample
from zoo.training.monitoring import check_mode_collapse

__all__ = [
    "check_mode_collapse",
    "outputs",
    "sample",
]
