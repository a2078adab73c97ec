"""Train LeNet-5 on MNIST.

Read it from top to bottom: settings, data, training. The learning rate, and that digits
are distorted, were chosen on the 6,000 validation rows; the test rows are used once, at
the end.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
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
    batch: int = 128
    lr: float = 8e-3  # the peak of the one-cycle schedule
    weight_decay: float = 1e-3
    holding: float = 0.1  # share of the training rows kept for validation
    turn: float = 12.0  # degrees a digit is turned by, at most
    shift: float = 2.0  # pixels a digit is moved by, at most
    stretch: float = 0.1  # share of its size a digit grows or shrinks by, at most


SMOKE_SETTINGS = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and their labels."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    model = run.prepare(run.build())
    decay = settings.weight_decay
    optimizer = AdamW(model.parameters(), settings.lr, weight_decay=decay, fused=True)
    optimizer = run.prepare(optimizer)
    steps = run.steps(fitting, settings.batch, settings.epochs)
    schedule = run.prepare(OneCycleLR(optimizer, settings.lr, total_steps=steps))
    distort = partial(distorted, settings=settings)
    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(fitting, settings.batch, augment=distort):
            run.step(cross_entropy(model(image), label), optimizer, schedule)
        run.log(evaluate(model, holding), best="accuracy")
    return run.best(model)


def distorted(image: Tensor, random: torch.Generator, settings: Settings) -> Tensor:
    """Turn, move and stretch each picture a little, each by its own draw."""
    count, _, height, _ = image.shape
    draw = 2 * torch.rand(4, count, generator=random) - 1  # -1..1
    angle = math.radians(settings.turn) * draw[0]
    size = 1 + settings.stretch * draw[1]
    move = 2 * settings.shift / height * draw[2:]  # affine_grid counts in half widths
    cosine, sine = size * angle.cos(), size * angle.sin()
    across = torch.stack([cosine, -sine, move[0]], dim=1)
    down = torch.stack([sine, cosine, move[1]], dim=1)
    places = torch.stack([across, down], dim=1)
    grid = affine_grid(places, list(image.shape), align_corners=False)
    return grid_sample(image, grid, align_corners=False)
