"""Train LeNet-5 on MNIST.

Read it from top to bottom: settings, data, training. The learning rate and the
augmentation were chosen on the 6,000 validation rows; the test rows are used once.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 16
    batch_size: int = 128
    lr: float = 8e-3  # the peak of the one-cycle schedule
    weight_decay: float = 1e-3
    val_fraction: float = 0.1  # of the training rows, held out for validation
    rotation_degrees: float = 12.0  # augmentation: rotate by at most this, either way
    shift_pixels: float = 2.0  # augmentation: shift by at most this, each way
    scale_range: float = 0.1  # augmentation: scale by 1 - this to 1 + this


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and their labels."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model = run.prepare(run.build())
    batch_size, decay = settings.batch_size, settings.weight_decay
    optimizer = AdamW(model.parameters(), settings.lr, weight_decay=decay, fused=True)
    optimizer = run.prepare(optimizer)
    steps = run.steps(train_rows, batch_size, settings.epochs)
    scheduler = run.prepare(OneCycleLR(optimizer, settings.lr, total_steps=steps))
    augment = partial(random_affine, settings=settings)
    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(train_rows, batch_size, augment=augment):
            run.step(cross_entropy(model(image), label), optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model)


def random_affine(image: Tensor, generator: Generator, settings: Settings) -> Tensor:
    """Rotate, scale and shift each image of a batch, (B, C, H, W), at random."""
    count, _, height, _ = image.shape
    draw = 2 * torch.rand(4, count, generator=generator) - 1  # -1..1
    angle = math.radians(settings.rotation_degrees) * draw[0]
    scale = 1 + settings.scale_range * draw[1]
    shift = 2 * settings.shift_pixels / height * draw[2:]  # affine_grid: half widths
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    across = torch.stack([cosine, -sine, shift[0]], dim=1)
    down = torch.stack([sine, cosine, shift[1]], dim=1)
    matrix = torch.stack([across, down], dim=1)
    grid = affine_grid(matrix, list(image.shape), align_corners=False)
    return grid_sample(image, grid, align_corners=False)
