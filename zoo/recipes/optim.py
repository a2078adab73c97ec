"""Activations, losses, optimizers, schedules and regularizers by name."""

from zoo.training.optim import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Averages,
    Step,
    activation,
    again,
    average,
    l1,
    l2,
    loss,
    max_norm_,
    optimizer,
    schedule,
)

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "Averages",
    "Step",
    "activation",
    "again",
    "average",
    "l1",
    "l2",
    "loss",
    "max_norm_",
    "optimizer",
    "schedule",
]
