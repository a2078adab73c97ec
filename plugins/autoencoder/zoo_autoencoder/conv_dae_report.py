"""What the card of the denoiser of clothes tells; see `denoising_report`."""

from typing import Any

from zoo import Run
from zoo_autoencoder.conv_dae_recipe import NOISE, data
from zoo_autoencoder.denoising_report import gaussian_filter, report_denoising

__all__ = ["report"]


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    smoothing = ("Gaussian filter", gaussian_filter, (0.4, 0.5, 0.6, 0.7, 0.8, 1.0))
    report_denoising(model, run, train_rows, test_rows, std=NOISE, smoothing=smoothing)
