"""Pixels less a mean and by a deviation, and where the two numbers come from."""

from collections.abc import Iterable

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import ImageInput, Input

__all__ = ["Moments", "normalize", "scaled", "statistics"]

Moments = tuple[tuple[float, ...], tuple[float, ...]]


def statistics(pictures: Iterable[Tensor], source: str) -> Moments:
    """Return mean and deviation of each channel, to four digits, of pixels in 0..1.

    `pictures` are batches of bytes, (rows, channels, height, width). Their values are
    counted and not summed up: the same numbers in whatever batches, on any machine.
    """
    counts: list[Tensor] = []
    for batch in pictures:
        if batch.dtype != torch.uint8 or batch.ndim != 4:
            raise DataError(f"{source} holds no pictures to take the mean of.")
        found = [_counted(channel) for channel in batch.unbind(dim=1)]
        known = counts or [torch.zeros_like(count) for count in found]
        counts = [one + more for one, more in zip(known, found, strict=True)]
    moments = [_moments(count) for count in counts]
    if not moments or min(std for _, std in moments) == 0:
        raise DataError(
            f"{source}: the pixels of a channel are all the same, or there are none, "
            "so there is no deviation to divide by."
        )
    return tuple(mean for mean, _ in moments), tuple(std for _, std in moments)


def scaled(rows: Tensor) -> Tensor:
    """Return bytes as floats in 0..1; anything else as it is."""
    return rows.float().div_(255) if rows.dtype == torch.uint8 else rows


def normalize(batch: Tensor, input_spec: Input) -> Tensor:
    """Return pixels in 0..1 as a model expects them: less a mean, by a deviation."""
    if not isinstance(input_spec, ImageInput) or _plain(input_spec):
        return batch
    mean, std = (
        torch.tensor(n).view(-1, 1, 1) for n in (input_spec.mean, input_spec.std)
    )
    return (batch - mean) / std


def _plain(input_spec: ImageInput) -> bool:
    return not any(input_spec.mean) and all(std == 1 for std in input_spec.std)


def _counted(channel: Tensor) -> Tensor:
    return torch.bincount(channel.flatten(), minlength=256)


def _moments(count: Tensor) -> tuple[float, float]:
    share, value = count.double() / count.sum(), torch.arange(256).double() / 255
    mean = (share * value).sum()
    deviation = (share * (value - mean).square()).sum().sqrt()
    return round(mean.item(), 4), round(deviation.item(), 4)
