"""Train a k-sparse autoencoder on MNIST.

Read it from top to bottom: settings, data, training, evaluation. Tied weights, the
learning rate, the batch size and the number of epochs were chosen on the 6,000
validation rows in short runs; the test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import mse_loss

from zoo.recipes import Run, TensorRows, predict_batches, to_model_input

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 12
    batch_size: int = 128
    lr: float = 4e-3  # the peak of the one-cycle schedule
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes; their labels are not used."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
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
        for image, _ in run.batches(train_rows, settings.batch_size):
            loss = mse_loss(model(image).sigmoid(), image)
            run.step(loss, optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="mse")
    return run.best(model)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean squared error of pixels in 0..1."""
    image = to_model_input(rows.input)
    reconstruction = predict_batches(model, image).sigmoid()
    return {"mse": (reconstruction - image).square().mean().item()}
