"""Train the teacher, LeNet-5, on MNIST with labels.

Read it from top to bottom: settings, data, training. The 6,000 validation rows choose
the epoch; the test rows are used once.
"""

from dataclasses import dataclass

from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from zoo.recipes import Run, TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 8
    batch_size: int = 128
    lr: float = 4e-3  # the peak of the one-cycle schedule
    weight_decay: float = 1e-3
    val_fraction: float = 0.1  # of the training rows, held out for validation


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
    for _ in run.epochs(settings.epochs):
        model.train()
        for image, label in run.batches(train_rows, batch_size):
            run.step(cross_entropy(model(image), label), optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="accuracy")
    return run.best(model)
