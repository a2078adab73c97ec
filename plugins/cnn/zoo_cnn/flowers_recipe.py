"""Train the course's network on photographs of five kinds of flowers.

Read it from top to bottom: settings, data, training, augmentation. The images are
smaller than the course's and the augmentation is stronger; batch normalisation, dropout
and the one-cycle schedule are not the course's either. The set's validation rows chose
between two settings, and choose the epoch that is kept; the test rows are used once, at
the end.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from zoo.recipes import Run, TensorRows, fit_normalization
from zoo.recipes.metrics import evaluate_classification as evaluate

__all__ = ["SMOKE_SETTINGS", "Settings", "augment", "data", "evaluate", "train"]

READER = "zoo_cnn.flowers_photographs:read_rows"  # brings photographs to one size
SMOKE_ROWS = 40


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 24
    batch_size: int = 32
    lr: float = 2e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    min_area: float = 0.4  # augmentation: the crop's share of the image
    max_area: float = 1.1  # what lies outside is reflected
    max_aspect_ratio: float = 4 / 3  # of the crop
    rotation_degrees: float = 20.0  # at most, either way
    brightness_contrast_std: float = 0.2
    channel_shift_std: float = 0.05  # of each color independently


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 16}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return photographs as bytes, in the model's size, and their labels."""
    first = SMOKE_ROWS if run.smoke else None
    return run.load_rows("flowers", split, reader=READER, first=first)[:first]


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = data(run, "train"), data(run, "validation")
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
        )
    )
    change = partial(augment, settings=settings)
    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(
            train_rows, settings.batch_size, augment=change
        ):
            run.step(cross_entropy(model(image), label), optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model)


def augment(image: Tensor, generator: Generator, settings: Settings) -> Tensor:
    """Crop, rotate and flip each image of a batch at random, (B, 3, H, W), and change
    its brightness, its contrast and its color."""
    count = len(image)
    flip, area, ratio, turn, left, top = torch.rand(6, count, generator=generator)
    area = settings.min_area + (settings.max_area - settings.min_area) * area
    ratio = torch.exp((2 * ratio - 1) * math.log(settings.max_aspect_ratio) / 2)
    width, height = area.sqrt() * ratio, area.sqrt() / ratio
    angle = (2 * turn - 1) * math.radians(settings.rotation_degrees)
    x = torch.where(flip < 0.5, -width, width)
    left, top = (1 - width) * (2 * left - 1), (1 - height) * (2 * top - 1)
    across = torch.stack([x * angle.cos(), -height * angle.sin(), left], dim=1)
    down = torch.stack([x * angle.sin(), height * angle.cos(), top], dim=1)
    grid = affine_grid(torch.stack([across, down], dim=1), [*image.shape], False)
    moved = grid_sample(image, grid, padding_mode="reflection", align_corners=False)
    drawn = torch.randn(2, count, 1, 1, 1, generator=generator)
    contrast, brightness = (settings.brightness_contrast_std * drawn).unbind()
    shift = settings.channel_shift_std * torch.randn(
        count, 3, 1, 1, generator=generator
    )
    return moved * (1 + contrast) + brightness + shift
