"""Train a small Vision Transformer on CIFAR-10.

Read it from top to bottom: settings, data, training, evaluation. AdamW, a linear
warm-up, a cosine decay and clipped gradients are what the paper trains with (appendix
B.1), but for Adam's weight decay, which is decoupled here. Images are flipped and
shifted as those of ResNets are. The validation rows choose the epoch that is kept; the
test rows are used once, at the end.
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
    epochs: int = 10
    batch_size: int = 64
    lr: float = 1e-3  # the peak: after the warm-up, before the cosine decay
    warmup_fraction: float = 0.1  # of the steps
    weight_decay: float = 0.05  # decoupled from the gradient, as AdamW does
    max_gradient_norm: float = 1.0
    shift_pixels: int = 4  # augmentation: shift by at most this, black coming in
    val_fraction: float = 0.1  # of the training rows, held out for validation


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
        torch.optim.AdamW(
            model.parameters(),
            lr=settings.lr,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
            pct_start=settings.warmup_fraction,
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
            loss = cross_entropy(model(image), label)
            run.step(loss, optimizer, scheduler, clip=settings.max_gradient_norm)
        run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model)
