"""Exponential moving averages of models, as they are trained."""

from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

__all__ = ["Averages", "average"]


def average(model: nn.Module, decay: float) -> AveragedModel:
    """Return a copy that follows a model as an exponential moving average."""
    follow = get_ema_multi_avg_fn(decay)
    return AveragedModel(model, multi_avg_fn=follow, use_buffers=True)


class Averages:
    """Moving averages of models, where each may have an optimizer of its own."""

    def __init__(self) -> None:
        self._held: list[tuple[AveragedModel, nn.Module, set[int]]] = []

    def add(self, model: nn.Module, decay: float) -> AveragedModel:
        """Return a new average of a model; see `average`."""
        made = average(model, decay)
        self._held.append((made, model, {id(p) for p in model.parameters()}))
        return made

    def follow(self, optimizer: Optimizer) -> None:
        """Bring up to date the averages of models that `optimizer` has just changed."""
        for made, model, own in self._held:
            groups = optimizer.param_groups
            if any(id(p) in own for group in groups for p in group["params"]):
                made.update_parameters(model)
