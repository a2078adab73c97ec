"""Train a convolutional autoencoder to remove strong noise from digits of MNIST.

Read it from top to bottom: settings, data, training, evaluation. The learning rate and
the batch size were chosen on the 6,000 validation rows in a few short trials, and the
number of epochs for a run of a few minutes; the test rows are used once, at the end.
Each epoch draws other noise; validation and test rows have noise by a fixed seed.
"""

from dataclasses import dataclass

from torch import nn

from zoo.recipes import Run, TensorRows
from zoo_autoencoder.denoising import (
    errors,
    noisy_and_clean,
    remove_noise,
    train_denoiser,
)

__all__ = ["NOISE", "SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

NOISE = 0.8  # the standard deviation, of pixels in 0..1


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 4
    batch_size: int = 64
    lr: float = 1e-2  # the peak of the one-cycle schedule
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, without noise; their labels are not used."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    return train_denoiser(settings, run, data(run, "train"), NOISE)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean squared error to pixels without noise, in 0..1, and its PSNR."""
    noisy, clean = noisy_and_clean(rows, NOISE)
    return errors(remove_noise(model, noisy), clean)
