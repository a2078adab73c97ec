"""Train a VGG for images of 32x32 pixels on CIFAR-10.

Read it from top to bottom: settings, data, training. The augmentation is the course's:
random crops of the padded image, and horizontal flips. SGD is the paper's; with the
one-cycle schedule few epochs are enough. The validation rows choose the epoch that is
kept; the test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo.recipes import Run, TensorRows, fit_normalization
from zoo.recipes.augment import apply_augmentation, random_shift
from zoo.recipes.metrics import evaluate_classification as evaluate

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 12
    batch_size: int = 128
    lr: float = 0.1  # the peak of the one-cycle schedule
    momentum: float = 0.9  # Nesterov's
    weight_decay: float = 5e-4
    shift_pixels: int = 4  # augmentation: shift by at most this, black coming in
    val_fraction: float = 0.1  # of the training rows, held out for validation
    amp: bool = False  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return images, 3x32x32 bytes, and their labels."""
    rows = run.load_rows("cifar10", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> torch.nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    fit_normalization(run, train_rows)
    model = run.prepare(run.build())
    optimizer = run.prepare(
        torch.optim.SGD(
            model.parameters(),
            lr=settings.lr,
            momentum=settings.momentum,
            nesterov=True,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
            pct_start=0.25,
            cycle_momentum=False,
        )
    )

    def augment(image: Tensor, generator: torch.Generator) -> Tensor:
        flipped = apply_augmentation(image, "flip", generator)
        return random_shift(flipped, settings.shift_pixels, generator)

    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(
            train_rows, settings.batch_size, augment=augment
        ):
            run.step(cross_entropy(model(image), label), optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model)
