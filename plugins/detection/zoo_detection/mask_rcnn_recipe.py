"""Train a small Mask R-CNN from scratch on 529 pictures of cell nuclei.

Read it from top to bottom: settings, training; the data and the augmentation are in
`zoo_detection/nuclei.py`, the losses in `zoo_detection/mask_rcnn.py` and
`zoo_detection/faster_rcnn.py`. The epoch is chosen on the set's own validation rows;
the test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo.recipes import Run
from zoo.recipes.metrics import evaluate_instances as evaluate
from zoo_detection.nuclei import NucleusAugmentation, augment_nuclei, data

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

AUGMENTATION = NucleusAugmentation()


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 24
    batch_size: int = 8
    lr: float = 2e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.05
    clip: float = 10.0  # of the gradient's norm
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 3}  # what the test suite runs


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
        for image, target in run.batches(train_rows, settings.batch_size):
            image, target = augment_nuclei(image, target, AUGMENTATION, generator)
            losses = model(image, target)  # of both stages, and of the masks
            run.step(losses.sum(), optimizer, scheduler, clip=settings.clip)
        run.log(evaluate(model, val_rows), best="map_50")
    return run.best(model)
