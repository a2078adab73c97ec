"""Train a variational autoencoder on MNIST.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The learning rate, the batch, and that the encoder sees
greys, not black and white drawn at random, were chosen on the 6,000 validation rows in
short runs; the test rows are used once, at the end.

What is made small is the negative ELBO in nats, with a pixel's grey as the probability
that it is white: the expectation, over black and white pictures drawn with these
probabilities, of an upper bound of their negative log likelihood.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

import zoo
from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.evaluation.frechet_distance import frechet_distance
from zoo.inference import sample as verbs
from zoo_autoencoder.telling import describe
from zoo_autoencoder.vae import VAE, drawn

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

JUDGE = "lenet5-mnist"  # whose features the Fréchet distance is of


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    batch: int = 128
    lr: float = 8e-3  # the peak of the one-cycle schedule
    holding: float = 0.1  # share of the training rows kept for validation


SMOKE_SETTINGS = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and their labels, which only pictures use."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


class Bound(nn.Module):
    """The negative ELBO as a module, so that several processes can share a batch."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        """Return the mean over a batch, in nats."""
        error, divergence = terms(self.model, image)
        return (error + divergence).mean()


def terms(
    model: VAE, image: Tensor, random: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Return the two terms of the negative ELBO of each picture, (B,) each, in nats:
    what its pixels cost given a code that is drawn, and what the code costs."""
    mean, log_variance = model.posterior(image)
    logits = model.decode(drawn(mean, log_variance, random))
    error = binary_cross_entropy_with_logits(logits, image, reduction="none")
    divergence = (mean.square() + log_variance.exp() - 1 - log_variance) / 2
    return error.flatten(start_dim=1).sum(dim=1), divergence.sum(dim=1)


def train(settings: Settings, run: Run) -> nn.Module:
    digits = data(run, "train")
    fitting, holding = run.split(digits, settings.holding)
    model = run.build()
    bound = run.prepare(Bound(model))
    optimizer = run.prepare(
        torch.optim.Adam(bound.parameters(), lr=settings.lr, fused=True)
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        bound.train()
        for image, _ in run.batches(fitting, settings.batch):
            run.step(bound(image), optimizer, schedule)
        run.log(likelihood(model, holding), best="negative_elbo")
    return run.best(model)


@torch.inference_mode()
def likelihood(model: VAE, rows: TensorRows) -> dict[str, float]:
    """Return the negative ELBO and its two terms, with codes drawn by a fixed seed."""
    random, device = torch.Generator().manual_seed(0), model.mean.weight.device
    found = [
        torch.stack(terms(model, to_model_input(part).to(device), random)).cpu()
        for part in rows.in_order()
    ]
    error, divergence = torch.cat(found, dim=1).mean(dim=1).tolist()
    return {
        "negative_elbo": error + divergence,
        "error_nats": error,
        "code_nats": divergence,
    }


def evaluate(model: Any, rows: TensorRows) -> dict[str, float]:
    """Return what the card claims; samples and codes are drawn by a fixed seed."""
    found = likelihood(model, rows)
    image = to_model_input(rows.input)
    kept = predict_batches(model, image).sigmoid()
    samples = verbs.outputs(model, len(image), seed=0).sigmoid()
    pixels = image[0].numel()
    return {
        "negative_elbo": found["negative_elbo"],
        "bits_per_pixel": found["negative_elbo"] / pixels / math.log(2),
        "mse": (kept - image).square().mean().item(),
        "frechet_distance": frechet_distance(zoo.load(JUDGE), samples, image),
    }


def report(model: Any, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    training, test = data(run, "train"), data(run, "test")
    run.log_summary(**{k: v for k, v in likelihood(model, test).items() if "nats" in k})
    describe(model, run, training, test, zoo.load(JUDGE))
    image = to_model_input(test.input)
    for name, changed in {
        "moved": image.roll(5, dims=3),
        "inverted": 1 - image,
    }.items():
        rows = TensorRows(
            input=changed, target=test.target, source=name, fingerprint="changed"
        )
        run.log_summary(**{name: likelihood(model, rows)["negative_elbo"]})
