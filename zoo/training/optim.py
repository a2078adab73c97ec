"""The practices of the course by name, so that a recipe's settings can choose them.

Activations, losses, optimizers and schedules are torch's own where torch has them; the
regularisers are added to a loss, or applied after a step. Knows torch; does not know
models, data or runs.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim import lr_scheduler as schedules
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from zoo.errors import SettingsError, near

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

Loss = Callable[[Tensor, Tensor], Tensor]


class Step(nn.Module):
    """One from zero on, else zero: the first activation, which has no gradient."""

    def forward(self, given: Tensor) -> Tensor:
        return (given >= 0).to(given.dtype)


def _rmse(given: Tensor, target: Tensor) -> Tensor:
    return functional.mse_loss(given, target).sqrt()


def _msle(given: Tensor, target: Tensor) -> Tensor:
    """Compare the logarithms of one more than each: for targets of many sizes."""
    return functional.mse_loss(given.log1p(), target.log1p())


def _kl(given: Tensor, target: Tensor) -> Tensor:
    """Compare logits with probabilities, in nats a row."""
    logarithm = given.log_softmax(dim=-1)
    return functional.kl_div(logarithm, target, reduction="batchmean")


ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "step": Step,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(0.01),
    "prelu": nn.PReLU,
    "softmax": lambda: nn.Softmax(dim=-1),  # over the labels, never over the rows
}

# Cross-entropies take logits: a sigmoid or softmax before them loses digits.
LOSSES: Mapping[str, Loss] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "rmse": _rmse,
    "msle": _msle,
    "bce": functional.binary_cross_entropy_with_logits,
    "ce": functional.cross_entropy,
    "kl": _kl,
}

# One fused kernel does a whole step where torch has one for every device.
_SGD: dict[str, Any] = {"fused": True}
OPTIMIZERS: Mapping[str, tuple[type[Optimizer], Mapping[str, Any]]] = {
    "gd": (torch.optim.SGD, _SGD),  # what makes it stochastic is the batch
    "sgd": (torch.optim.SGD, _SGD),
    "momentum": (torch.optim.SGD, {**_SGD, "momentum": 0.9}),
    "nag": (torch.optim.SGD, {**_SGD, "momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "l-bfgs": (torch.optim.LBFGS, {"line_search_fn": "strong_wolfe"}),
}

SCHEDULES = ("constant", "step", "exponential", "cosine", "warm-up", "one-cycle")


def activation(name: str) -> nn.Module:
    """Return a new activation layer."""
    made: nn.Module = _find("activation", name, ACTIVATIONS)()
    return made


def loss(name: str) -> Loss:
    """Return a function of (given, target), the mean over rows.

    "bce" and "ce" take logits, "kl" takes logits and probabilities.
    """
    found: Loss = _find("loss", name, LOSSES)
    return found


def optimizer(
    name: str, parameters: Iterable[Any], lr: float, **options: Any
) -> Optimizer:
    """Return an optimizer over `parameters`; `options` are those of torch's class.

    "l-bfgs" asks for the loss several times in a step: see `again`.
    """
    kind, usual = _find("optimizer", name, OPTIMIZERS)
    try:
        made: Optimizer = kind(parameters, lr=lr, **{**usual, **options})
    except (TypeError, ValueError) as exc:
        raise SettingsError(f"Optimizer {name!r}: {exc}.") from exc
    return made


def again(optimizer: Optimizer, loss: Callable[[], Tensor]) -> Callable[[], float]:
    """Return what L-BFGS calls in a step: `optimizer.step(again(optimizer, loss))`."""

    def closure() -> float:
        optimizer.zero_grad()
        found = loss()
        found.backward()
        return found.item()

    return closure


def schedule(
    name: str,
    optimizer: Optimizer,
    steps: int,
    *,
    period: int | None = None,
    decay: float = 0.9,
) -> schedules.LRScheduler:
    """Return how the learning rate goes from the optimizer's own through `steps` steps.

    `period` is a number of steps, by default a tenth of all: between two decays ("step"
    at once, "exponential" smoothly, each by the factor `decay`), from one restart of
    the "cosine" to the next, or of the "warm-up".
    """
    _find("schedule", name, dict.fromkeys(SCHEDULES))
    period = max(1, steps // 10) if period is None else period
    if period < 1 or steps < 1:
        raise SettingsError(
            f"Schedule {name!r}: period={period} of {steps} steps; both should be at "
            "least 1."
        )
    if name == "one-cycle":
        highest = [group["lr"] for group in optimizer.param_groups]
        return schedules.OneCycleLR(optimizer, max_lr=highest, total_steps=steps)
    if name == "cosine":
        return schedules.CosineAnnealingWarmRestarts(optimizer, T_0=period)
    factors: dict[str, Callable[[int], float]] = {
        "constant": lambda done: 1.0,
        "step": lambda done: decay ** (done // period),
        "exponential": lambda done: decay ** (done / period),
        "warm-up": lambda done: min(1.0, (done + 1) / period),
    }
    return schedules.LambdaLR(optimizer, factors[name])


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


def l1(parameters: Iterable[Tensor]) -> Tensor:
    """Return the sum of absolute values: of weights, or of activities."""
    return sum((tensor.abs().sum() for tensor in parameters), torch.zeros(()))


def l2(parameters: Iterable[Tensor]) -> Tensor:
    """Return the sum of squares, without a half: the gradient of w is 2 w."""
    return sum((tensor.square().sum() for tensor in parameters), torch.zeros(()))


@torch.no_grad()
def max_norm_(layer: nn.Linear, bound: float) -> None:
    """Shorten the weights that come into a unit where they are longer than `bound`."""
    layer.weight.copy_(layer.weight.renorm(2, 0, bound))


def _find(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        listing = ", ".join(known)
        raise SettingsError(
            f"No {kind} {name!r}. {near(name, known)}There are: {listing}."
        )
    return known[name]
