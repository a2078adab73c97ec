"""Train a small CRNN to read lines of three to six handwritten digits.

Read it from top to bottom: settings, data, training. The lines are made of the digits
of MNIST, those of validation from training digits that are held out; the epoch is
chosen on them, and the test lines are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo.recipes import Run, TensorRows
from zoo.recipes.ctc import loss as ctc_loss
from zoo.recipes.metrics import evaluate_ocr as evaluate
from zoo_ocr.captchas import Distortion, random_distortion

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

DATASET = "mnist"
READER = "zoo_ocr.digit_lines:read_rows"
SMOKE_ROWS = 24
DISTORTION = Distortion(
    shift_x=0.05,
    shift_y=0.08,
    scale=0.1,
    rotation=2.0,
    contrast=0.2,
    brightness=0.05,
    noise=0.03,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 6
    batch_size: int = 32
    lr: float = 4e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    max_grad_norm: float = 5.0
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 8}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return lines as bytes, (N, 1, 28, 176), and their digits as class ids."""
    first = SMOKE_ROWS if run.smoke else None
    return run.load_rows(DATASET, split, reader=READER, first=first)[:first]


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = data(run, "train"), data(run, "validation")
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
    for _ in run.epochs(settings.epochs):
        model.train()
        batches = run.batches(train_rows, settings.batch_size, augment=distort)
        for image, text in batches:
            loss = ctc_loss(model(image), text)
            run.step(loss, optimizer, scheduler, clip=settings.max_grad_norm)
        run.log(evaluate(model, val_rows), best="string_accuracy")
    return run.best(model)


def distort(image: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Return lines, (B, 1, H, W) in 0..1, moved and changed a little."""
    return random_distortion(image, random, DISTORTION)
