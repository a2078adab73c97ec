"""Noise, and how near images are to those without it, for recipes of denoisers."""

import math

import torch
from torch import Tensor, nn

from zoo.recipes import TensorRows, predict_batches, to_model_input

__all__ = ["add_noise", "errors", "noisy_and_clean", "remove_noise"]


def add_noise(image: Tensor, std: float, generator: torch.Generator) -> Tensor:
    """Return images with normal noise of this standard deviation, cut to 0..1."""
    noise = torch.randn(image.shape, generator=generator).to(image)
    return (image + std * noise).clamp(0, 1)


def noisy_and_clean(rows: TensorRows, std: float) -> tuple[Tensor, Tensor]:
    """Return the images of rows with noise drawn by a fixed seed, and without."""
    clean = to_model_input(rows.input)
    return add_noise(clean, std, torch.Generator().manual_seed(0)), clean


def remove_noise(model: nn.Module, noisy: Tensor) -> Tensor:
    """Return what a denoiser makes of noisy images, pixels in 0..1."""
    return predict_batches(model, noisy).sigmoid()


def errors(image: Tensor, clean: Tensor) -> dict[str, float]:
    """Return the mean squared error of all pixels, and the PSNR of that mean.

    Peak signal-to-noise ratio, in decibels: white is 1, so it is -10 log10(mse).
    """
    mse = (image - clean).double().square().mean().item()
    return {"mse": mse, "psnr": -10 * math.log10(max(mse, 1e-12))}
