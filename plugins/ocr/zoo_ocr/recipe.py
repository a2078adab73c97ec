"""Train a CRNN to read captchas, real ones and generated ones.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. A tenth of the real training rows is held back, and the
epoch is chosen on them, and on generated rows where they are read alike; the test rows
are used once, at the end.

CTC first learns to say nothing at all, and it takes a while to find the first
characters. On the real captchas, which are much alike, it finds them soon: the
generated ones join once it has.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation.evaluate_tensors import evaluate
from zoo.tasks.decoding.ctc import loss
from zoo_ocr.captchas import GENERATED, data, distorted, joined
from zoo_ocr.telling import describe, example, weighed

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "example",
    "report",
    "train",
]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    alone: int = 12  # epochs of real captchas only, at the beginning
    batch: int = 32
    lr: float = 3e-3  # the peak of the one-cycle schedule
    rise: float = 0.1  # share of the steps in which the rate rises to it
    weight_decay: float = 0.01
    clip: float = 5.0  # of the gradient's norm
    holding: float = 0.1  # share of the real training rows kept for validation
    half: bool = True  # bfloat16 in the convolutions, where torch allows it


SMOKE_SETTINGS = {"epochs": 2, "alone": 1, "batch": 8}  # what the test suite runs


def train(settings: Settings, run: Run) -> nn.Module:
    real, other = data(run, "train"), data(run, "train", GENERATED)
    run.fit_normalization(real)
    fitting, holding = run.split(real, settings.holding)
    both = joined(fitting, other)
    model = run.prepare(run.build().to(memory_format=torch.channels_last))
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    later = settings.epochs - settings.alone
    steps = run.steps(fitting, settings.batch, settings.alone)
    steps += run.steps(both, settings.batch, later)
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.lr, total_steps=steps, pct_start=settings.rise
        )
    )
    half = torch.autocast(run.device.type, torch.bfloat16, settings.half)
    judges = {"": holding, "generated_": data(run, "validation", GENERATED)}
    for epoch in run.epochs(settings.epochs):
        model.train()
        rows = fitting if epoch <= settings.alone else both
        for image, text in run.batches(rows, settings.batch, augment=distorted):
            with half:
                logits = model(image.contiguous(memory_format=torch.channels_last))
            cost = loss(logits, text)
            run.step(cost, optimizer, schedule, clip=settings.clip)
        with half:
            seen = validated(model, judges)
        run.log(seen, best=("string_accuracy", "generated_string_accuracy"))
    best = run.best(model)
    weighed(best, run, holding)
    return best


def validated(model: nn.Module, judges: dict[str, TensorRows]) -> dict[str, float]:
    """Return the metrics on each of several sets, by their prefixes."""
    return {
        prefix + name: value
        for prefix, rows in judges.items()
        for name, value in evaluate(model, rows).items()
    }


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    describe(model, run)
