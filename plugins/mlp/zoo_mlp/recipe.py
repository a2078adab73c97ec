"""Train an MLP on 28x28 pictures.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. Every setting was chosen on the validation rows, a tenth
of the training split; the test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run, baselines, pictures
from zoo.measuring import measure, outputs
from zoo.tensors import Tensors, prepared

__all__ = ["SMOKE", "Settings", "data", "measure", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    batch: int = 128
    lr: float = 3e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.1
    holding: float = 0.1  # share of the training rows kept for validation


SMOKE = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> Tensors:
    """Return pictures, 28x28 bytes, and their labels."""
    rows = run.tensors(run.spec.trained_on[0], split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    model = run.prepare(run.build())
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(),
            lr=settings.lr,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(fitting, settings.batch):
            loss = cross_entropy(model(image), label)
            run.step(loss, optimizer, schedule)
        run.log(measure(model, holding), best="accuracy")
    return run.best(model)


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    training, test = data(run, "train"), data(run, "test")
    run.baseline("majority class", accuracy=baselines.majority(training, test))
    run.baseline("nearest class mean", accuracy=baselines.nearest_mean(training, test))
    image = prepared(test.input)
    score, said = outputs(model, image).softmax(dim=1).max(dim=1)
    labels = run.spec.labels
    run.picture(
        "confusion",
        pictures.confusion(said, test.target, labels),
        "How often each label of the test split was read as what.",
    )
    run.picture(
        "mistakes",
        pictures.mistakes(test.input, said, test.target, score, labels),
        "The wrong readings of the test split it was surest of.",
    )
    random = torch.Generator().manual_seed(0)
    noisy = (image + 0.5 * torch.randn(image.shape, generator=random)).clamp(0, 1)
    run.note(
        moved=_right(model, image.roll(3, dims=3), test.target),
        noisy=_right(model, noisy, test.target),
        inverted=_right(model, 1 - image, test.target),
    )


def _right(model: nn.Module, image: Tensor, label: Tensor) -> float:
    said = outputs(model, image).argmax(dim=1)
    return (said == label).float().mean().item()
