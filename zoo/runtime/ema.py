"""Exponential moving averages of models, as they are trained."""

from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from zoo.runtime.rows import unwrap_model

__all__ = ["average", "ema"]


def average(model: nn.Module, decay: float) -> AveragedModel:
    """Return a copy that follows a model as an exponential moving average."""
    follow = get_ema_multi_avg_fn(decay)
    return AveragedModel(model, multi_avg_fn=follow, use_buffers=True)


def ema(run: Any, model: nn.Module, *, decay: float) -> nn.Module:
    """Return a copy that follows the steps of `model` in a run as a moving average.

    Only steps of an optimizer that changes the model count. A run that goes on after a
    kill has the average again.
    """
    model = unwrap_model(model)
    made, own = average(model, decay), {id(one) for one in model.parameters()}

    def follow(optimizer: Optimizer) -> None:
        groups = optimizer.param_groups
        if any(id(one) in own for group in groups for one in group["params"]):
            made.update_parameters(model)

    run.keep(made)
    run.after_step.append(follow)
    averaged: nn.Module = made.module
    return averaged
