"""What a model draws by itself, from a seed."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.rows import unwrap_model

__all__ = ["draw", "draw_samples", "seeded"]

BATCH = 256  # samples that are drawn at once


def seeded(seed: int | None) -> torch.Generator:
    """Return a generator; without a seed it takes one from torch's own."""
    drawn = int(torch.randint(2**62, ())) if seed is None else seed
    return torch.Generator().manual_seed(drawn)


@torch.inference_mode()
def draw(
    model: nn.Module, count: int, random: torch.Generator, **options: Any
) -> Tensor:
    """Return `count` outputs that a model with a method `sample` draws, on the CPU.

    The `options` are the method's own.
    """
    one: Any = unwrap_model(model)
    starts = range(0, count, BATCH)
    with eval_mode(model):
        samples = [
            one.sample(min(BATCH, count - s), random, **options).cpu() for s in starts
        ]
    return torch.cat(samples)


def draw_samples(
    model: nn.Module, count: int, *, seed: int = 0, **options: Any
) -> Tensor:
    """Return what `draw` draws from a seed.

    The same seed and `count` draw the same, whatever device the model is on.
    """
    return draw(model, count, seeded(seed), **options)
