"""Activations, losses, optimizers, schedules and regularizers by name."""

from zoo.runtime.activations import ACTIVATIONS, Step, activation
from zoo.runtime.ema import average, ema
from zoo.runtime.losses import LOSSES, loss
from zoo.runtime.optim import OPTIMIZERS, SCHEDULES, lbfgs_closure, optimizer, schedule
from zoo.runtime.regularizers import l1, l2, max_norm_

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Step",
    "activation",
    "average",
    "ema",
    "l1",
    "l2",
    "lbfgs_closure",
    "loss",
    "max_norm_",
    "optimizer",
    "schedule",
]
