"""Train LeNet-5 on MNIST.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The learning rate, and that digits are distorted,
were chosen on the 6,000 validation rows; the test rows are used once, at the end.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


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


def train(settings: Settings, run: Run) -> torch.nn.Module:
    digits = data(run, "train")
    fitting, holding = run.split(digits, settings.holding)
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

    def distort(image: Tensor, random: torch.Generator) -> Tensor:
        return distorted(image, random, settings)

    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(fitting, settings.batch, augment=distort):
            loss = cross_entropy(model(image), label)
            run.step(loss, optimizer, schedule)
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
    rows = [
        torch.stack([cosine, -sine, move[0]], dim=1),
        torch.stack([sine, cosine, move[1]], dim=1),
    ]
    grid = affine_grid(torch.stack(rows, dim=1), list(image.shape), align_corners=False)
    return grid_sample(image, grid, align_corners=False)


def report(model: torch.nn.Module, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    training, test = data(run, "train"), data(run, "test")
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(training, test)
    )
    image = to_model_input(test.input)
    logits = predict_batches(model, image)
    score, said = logits.softmax(dim=1).max(dim=1)
    labels = run.spec.labels
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, labels),
        "How often each digit of the test split was read as what.",
    )
    run.log_figure(
        "mistakes",
        pictures.mistakes(test.input, said, test.target, score, labels),
        "The wrong readings of the test split it was surest of.",
    )
    random = torch.Generator().manual_seed(0)
    noisy = (image + 0.5 * torch.randn(image.shape, generator=random)).clamp(0, 1)
    shown = {
        "turned": image.rot90(1, dims=(2, 3)),
        "moved": image.roll(5, dims=3),
        "noisy": noisy,
        "inverted": 1 - image,
    }
    for name, changed in shown.items():
        right = predict_batches(model, changed).argmax(dim=1) == test.target
        run.log_summary(**{name: right.float().mean().item()})
    nothing = torch.rand(1000, 1, 28, 28, generator=random)
    sure = predict_batches(model, nothing).softmax(dim=1).max(dim=1).values
    run.log_summary(surety_on_noise=sure.mean().item())
