"""Teach ResNet-50, pretrained on ImageNet, to tell ants from bees.

Read it from top to bottom: settings, data, training, evaluation. It is transfer
learning as courses teach it: all layers but the last are frozen, and a new last layer
learns by Nesterov's momentum on pictures that are turned, shifted and mirrored. The
pretrained weights are those of `resnet50`, which come from the Hub. The epoch is chosen
on a fifth of the training rows; the test rows are used once, at the end.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate

__all__ = ["SMOKE_SETTINGS", "Settings", "augment", "data", "evaluate", "train"]

PARENT = "resnet50"
HEAD = "fc."  # how the names of the last layer's weights begin
READER = "zoo_resnet.photographs:read_rows"  # brings photographs to one size
SMOKE_ROWS = 16


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 10
    batch_size: int = 32
    lr: float = 0.01
    momentum: float = 0.9  # Nesterov's
    rotation_degrees: float = 20.0  # augmentation: turned by at most this,
    shift: float = 0.2  # shifted by at most this share of a side, and mirrored
    val_fraction: float = 0.2  # of the training rows, held out for validation
    amp: bool = False  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 8}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return photographs, 3x224x224 bytes, and their labels."""
    first = SMOKE_ROWS if run.smoke else None
    return run.load_rows("hymenoptera", split, reader=READER, first=first)[:first]


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    unwrapped = run.build()
    if not run.smoke:  # a test of the recipe downloads nothing
        weights = run.load_model(PARENT, parent=True).state_dict()
        body = {k: v for k, v in weights.items() if not k.startswith(HEAD)}
        unwrapped.load_state_dict(unwrapped.state_dict() | body)
    unwrapped.requires_grad_(False)
    unwrapped.fc.requires_grad_(True)
    model = run.prepare(unwrapped)
    optimizer = run.prepare(
        torch.optim.SGD(
            unwrapped.fc.parameters(),
            lr=settings.lr,
            momentum=settings.momentum,
            nesterov=True,
        )
    )

    def changed(image: Tensor, generator: torch.Generator) -> Tensor:
        return augment(image, settings.rotation_degrees, settings.shift, generator)

    for _ in run.epochs(settings.epochs):
        model.eval()  # batch normalization keeps the statistics of ImageNet
        for image, label in run.batches(
            train_rows, settings.batch_size, augment=changed
        ):
            run.step(cross_entropy(model(image), label), optimizer)
        run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model).requires_grad_(True)


def augment(
    image: Tensor, degrees: float, shift: float, generator: torch.Generator
) -> Tensor:
    """Return pictures (B, C, H, W), turned, shifted and half of them mirrored; what
    comes in from outside repeats the pixels at the border."""
    turn, left, top, side = torch.rand(4, len(image), generator=generator)
    angle = math.radians(degrees) * (2 * turn - 1)
    mirror = torch.where(side < 0.5, -1.0, 1.0)
    # affine_grid says for each new place which old one is seen there.
    theta = torch.zeros(len(image), 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = mirror * angle.cos(), -angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = mirror * angle.sin(), angle.cos()
    theta[:, :, 2] = 2 * shift * (2 * torch.stack([left, top], dim=1) - 1)
    grid = affine_grid(theta.to(image), [*image.shape], False)
    return grid_sample(image, grid, padding_mode="border", align_corners=False)
