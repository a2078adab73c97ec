"""Noise, the loop that learns to remove it, and how near what is left is to the clean
image: what recipes of denoisers share."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from zoo.recipes import Run, TensorRows, predict_batches, to_model_input

__all__ = ["add_noise", "errors", "noisy_and_clean", "remove_noise", "train_denoiser"]


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


def train_denoiser(settings: Any, run: Run, rows: TensorRows, std: float) -> nn.Module:
    """Train the run's model to remove normal noise from rows; return the best epoch's.

    `settings` has `val_fraction`, `lr`, `batch_size` and `epochs`.
    """
    train_rows, val_rows = run.split(rows, settings.val_fraction)
    model = run.prepare(run.build())
    optimizer = run.prepare(
        torch.optim.Adam(model.parameters(), lr=settings.lr, fused=True)
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for clean, _ in run.batches(train_rows, settings.batch_size):
            noisy = add_noise(clean, std, run.augmenting)
            loss = mse_loss(model(noisy).sigmoid(), clean)
            run.step(loss, optimizer, scheduler)
        noisy, wanted = noisy_and_clean(val_rows, std)
        run.log(errors(remove_noise(model, noisy), wanted), best="mse")
    return run.best(model)
