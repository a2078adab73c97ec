"""Train a small PoseNet on faces with 68 keypoints.

Read it from top to bottom: settings, training; the data and the augmentation are in
`zoo_detection/faces.py`, and the loss is `zoo.recipes.keypoints.keypoint_loss`. The
epoch is chosen on the faces of people that are not in the training rows; the test rows,
of other people again, are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo.recipes import Run
from zoo.recipes.keypoints import keypoint_loss
from zoo.recipes.metrics import evaluate_keypoints as evaluate
from zoo_detection.faces import FaceAugmentation, augment_faces, data

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

AUGMENTATION = FaceAugmentation()


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 10
    batch_size: int = 32
    lr: float = 4e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.05
    radius: float = 1.5  # of the disk around a point, in cells
    offset_weight: float = 0.5  # beside the heat maps
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


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
    for epoch in run.epochs(settings.epochs):
        model.train()
        generator = torch.Generator().manual_seed(
            settings.seed + epoch + 10_000 * run.rank
        )
        for image, points in run.batches(train_rows, settings.batch_size):
            image, points = augment_faces(image, points, AUGMENTATION, generator)
            loss = keypoint_loss(
                model(image),
                points,
                radius=settings.radius,
                offset_weight=settings.offset_weight,
            )
            run.step(loss, optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="nme")
    return run.best(model)
