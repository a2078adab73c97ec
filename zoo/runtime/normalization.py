"""The mean and deviation that pixels are normalised by, taken from pictures."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from zoo.runtime import DataError
from zoo.runtime.specs import replace_values

__all__ = ["Moments", "fit_normalization", "statistics"]

Moments = tuple[tuple[float, ...], tuple[float, ...]]


def fit_normalization(run: Any, rows: Any) -> None:
    """Let the model that `run.build` will make expect pixels less the mean of `rows`,
    by their deviation. Both numbers are kept with the weights.
    """
    mean, std = statistics(rows.in_order(), rows.source)
    run.spec = replace_values(
        run.spec, input=replace_values(run.spec.input, mean=mean, std=std)
    )


def statistics(pictures: Iterable[Tensor], source: str) -> Moments:
    """Return mean and deviation of each channel, to four digits, of pixels in 0..1.

    `pictures` are batches of bytes, (rows, channels, height, width). Their values are
    counted and not summed up: the same numbers in whatever batches, on any machine.
    """
    counts: list[Tensor] = []
    for batch in pictures:
        if batch.dtype != torch.uint8 or batch.ndim != 4:
            raise DataError(f"{source} holds no pictures to take the mean of.")
        batch_counts = [_counted(channel) for channel in batch.unbind(dim=1)]
        known = counts or [torch.zeros_like(count) for count in batch_counts]
        counts = [one + more for one, more in zip(known, batch_counts, strict=True)]
    moments = [_moments(count) for count in counts]
    if not moments or min(std for _, std in moments) == 0:
        raise DataError(
            f"{source}: the pixels of a channel are all the same, or there are none, "
            "so there is no deviation to divide by."
        )
    return tuple(mean for mean, _ in moments), tuple(std for _, std in moments)


def _counted(channel: Tensor) -> Tensor:
    return torch.bincount(channel.flatten(), minlength=256)


def _moments(count: Tensor) -> tuple[float, float]:
    share, value = count.double() / count.sum(), torch.arange(256).double() / 255
    mean = (share * value).sum()
    deviation = (share * (value - mean).square()).sum().sqrt()
    return round(mean.item(), 4), round(deviation.item(), 4)
