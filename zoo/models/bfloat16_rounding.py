"""Rounding the weights of a model to bfloat16 so that its outputs move less."""

import torch
from torch import Tensor, nn

__all__ = ["round_kernels_"]

MAX_CHANNELS = 4  # a filter of more averages the errors of its kernels out


def round_kernels_(model: nn.Module) -> nn.Module:
    """Round kernels of first and depthwise convolutions to bfloat16; return the model.

    Rounding each number to the nearest leaves a kernel with another sum. Neighboring
    pixels are alike, so every output moves by nearly that: in a depthwise convolution
    one kernel makes a channel, and nothing averages the errors out. Here the error of a
    number is carried on to the next smaller one, so a kernel keeps its sum to an error
    of its smallest number. The weights stay in float32, and are the same in bfloat16.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.shape[1] <= MAX_CHANNELS:
            layer.weight.data = round_with_carry(layer.weight.data)
    return model


def round_with_carry(weight: Tensor) -> Tensor:
    """Return kernels, of any shape (filters, channels, ...), that bfloat16 can hold.

    >>> kernel = torch.tensor([[[0.7001, 0.7001, 0.7001]]])  # the sum is 2.1003
    >>> kernel.bfloat16().float().sum(), round_with_carry(kernel).sum()
    (tensor(2.0977), tensor(2.1016))
    """
    kernels = weight.flatten(2)
    order = kernels.abs().argsort(dim=2, descending=True)
    ordered = kernels.gather(2, order)
    rounded, error = torch.empty_like(ordered), torch.zeros_like(ordered[..., 0])
    for n in range(ordered.shape[2]):
        wanted = ordered[..., n] + error
        rounded[..., n] = wanted.bfloat16()
        error = wanted - rounded[..., n]
    return torch.empty_like(kernels).scatter_(2, order, rounded).view_as(weight)
