"""Train a plain autoencoder on Fashion-MNIST.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The learning rate and the number of epochs were chosen on
the 6,000 validation rows; the test rows are used once, at the end.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import mse_loss

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo_autoencoder.telling import show_reconstructions

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 30
    batch: int = 64
    lr: float = 2e-3  # the peak of the one-cycle schedule
    holding: float = 0.1  # share of the training rows kept for validation


SMOKE_SETTINGS = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return pieces of clothing, 28x28 bytes; their labels are not used."""
    rows = run.load_rows("fashion_mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    clothes = data(run, "train")
    fitting, holding = run.split(clothes, settings.holding)
    model = run.prepare(run.build())
    optimizer = run.prepare(
        torch.optim.Adam(model.parameters(), lr=settings.lr, fused=True)
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
        for image, _ in run.batches(fitting, settings.batch):
            loss = mse_loss(model(image).sigmoid(), image)
            run.step(loss, optimizer, schedule)
        run.log(evaluate(model, holding), best="mse")
    return run.best(model)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean squared error of pixels in 0..1."""
    image = to_model_input(rows.input)
    kept = predict_batches(model, image).sigmoid()
    return {"mse": (kept - image).square().mean().item()}


def report(model: Any, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    training, test = data(run, "train"), data(run, "test")
    image = to_model_input(test.input)
    kept = predict_batches(model, image).sigmoid()
    code = predict_batches(model.keep, image)
    flat = image.flatten(start_dim=1).double()
    middle, directions, _ = baselines.principal(training, code.shape[1])
    left = (flat - middle) - (flat - middle) @ directions @ directions.T
    run.log_baseline("mean picture", mse=(flat - middle).square().mean().item())
    run.log_baseline(
        f"{code.shape[1]} principal components", mse=left.square().mean().item()
    )
    apart = (kept - image).square().mean(dim=(1, 2, 3))
    inverted = evaluate(
        model,
        TensorRows(
            input=1 - image,
            target=test.target,
            source="inverted",
            fingerprint="changed",
        ),
    )
    run.log_summary(
        used_numbers=(code > 0).any(dim=0).sum().item(),
        worst_mse=apart.max().item(),
        inverted=inverted["mse"],
    )
    show_reconstructions(run, image[:16], kept[:16], "first pieces")
    worst = apart.argsort(descending=True)[:16]
    show_reconstructions(run, image[worst], kept[worst], "worst pieces", name="worst")
