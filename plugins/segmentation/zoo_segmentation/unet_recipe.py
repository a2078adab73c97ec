"""Train a slim U-Net from nothing on 299 photographs of pets.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The epoch is chosen on the validation rows, a fifth of the
training rows; the test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo import Run
from zoo.evaluation.evaluate_tensors import evaluate
from zoo_segmentation.pets import Moves, data, example, loss, moved
from zoo_segmentation.telling import describe

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "example",
    "report",
    "train",
]

MOVES = Moves()


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 90
    batch: int = 16
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    holding: float = 0.2  # share of the training rows kept for validation
    half: bool = True  # bfloat16 where torch allows it: almost twice as fast


SMOKE_SETTINGS = {"epochs": 1, "batch": 8}  # what the test suite runs


def train(settings: Settings, run: Run) -> nn.Module:
    photos = data(run, "train")
    run.fit_normalization(photos)
    fitting, holding = run.split(photos, settings.holding)
    model = run.prepare(run.build().to(memory_format=torch.channels_last))
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        drawing = torch.Generator().manual_seed(
            settings.seed + epoch + 10_000 * run.context.rank
        )
        for image, mask in run.batches(fitting, settings.batch):
            image, mask = moved(image, mask, MOVES, drawing)
            with torch.autocast(run.device.type, torch.bfloat16, settings.half):
                logits = model(image.contiguous(memory_format=torch.channels_last))
            run.step(loss(logits, mask), optimizer, schedule)
        with torch.autocast(run.device.type, torch.bfloat16, settings.half):
            run.log(evaluate(model, holding), best="iou")
    return run.best(model)


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    describe(model, run, data(run, "train"), data(run, "test"))
