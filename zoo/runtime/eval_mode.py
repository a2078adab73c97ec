"""Run a model in eval mode and leave it as it was, part by part."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["eval_mode", "forward_on_device"]


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
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


@torch.inference_mode()
def forward_on_device(
    module: nn.Module, batch: Tensor, call: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """Run `module`, on its device and, where the batch holds floats, in its type.

    `call` is a method of it to run instead of its forward.
    """
    parameter = next(module.parameters(), None)
    if parameter is not None:
        narrow = batch.is_floating_point() and parameter.is_floating_point()
        batch = batch.to(parameter.device, parameter.dtype if narrow else batch.dtype)
    given: Tensor = (call or module)(batch)
    return given.cpu()
