"""Train a slim U-Net from scratch on 299 photographs of pets.

Read it from top to bottom: settings, training; the data are in
`zoo_segmentation/pets.py`, the augmentation and the loss in `augmentation.py` and
`losses.py` beside it. The epoch is chosen on the validation rows, a fifth
of the training rows; the test rows are used once, at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.recipes import Run, TensorRows, fit_normalization
from zoo.recipes.metrics import evaluate_segmentation as evaluate
from zoo_segmentation.augmentation import Augmentation, augment
from zoo_segmentation.losses import bce_dice_loss
from zoo_segmentation.pets import data

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "train"]

AUGMENTATION = Augmentation()


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 90
    batch_size: int = 16
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    val_fraction: float = 0.2  # of the training rows, held out for validation
    amp: bool = False  # bfloat16 where the hardware computes in it; may cost accuracy


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 8}  # what the test suite runs


def train(settings: Settings, run: Run) -> nn.Module:
    rows = data(run, "train")
    fit_normalization(run, rows)
    train_rows, val_rows = run.split(rows, settings.val_fraction)
    return fit(settings, run, train_rows, val_rows, AUGMENTATION, bce_dice_loss)


def fit(
    settings: Any,
    run: Run,
    train_rows: TensorRows,
    val_rows: TensorRows,
    augmentation: Augmentation,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> nn.Module:
    """Return the model of the best epoch; `loss` is of logits and masks."""
    model = run.prepare(run.build())
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        generator = torch.Generator().manual_seed(
            settings.seed + epoch + 10_000 * run.rank
        )
        for image, mask in run.batches(train_rows, settings.batch_size):
            image, mask = augment(image, mask, augmentation, generator)
            run.step(loss(model(image), mask), optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="iou")
    return run.best(model)
