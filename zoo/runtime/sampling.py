"""Samples of a generator."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.rows import unwrap_model

__all__ = ["draw_samples"]

TOGETHER = 256  # samples that are drawn at once


@torch.inference_mode()
def draw_samples(model: nn.Module, count: int, *, seed: int = 0) -> Tensor:
    """Return `count` outputs of a model's `sample`, on the CPU, in eval mode.

    The same seed and `count` draw the same, whatever device the model is on.
    """
    module: Any = unwrap_model(model)
    generator = torch.Generator().manual_seed(seed)
    training = module.training
    module.eval()
    starts = range(0, count, TOGETHER)
    found = [module.sample(min(TOGETHER, count - s), generator).cpu() for s in starts]
    module.train(training)
    return torch.cat(found)
