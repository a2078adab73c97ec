"""Train a variational autoencoder on MNIST.

Read it from top to bottom: settings, data, training, validation. The learning rate, the
batch size, and that the encoder sees gray values instead of binary samples of them,
were chosen on the 6,000 validation rows in short runs; the test rows are used once, at
the end.

The loss is the negative ELBO in nats, with the gray value of a pixel as the probability
that it is white: the expectation, over binary images drawn with these probabilities, of
an upper bound of their negative log-likelihood.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from zoo.recipes import Run, TensorRows, to_model_input
from zoo_autoencoder.vae import VAE, reparameterize

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "measure_elbo", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    batch_size: int = 128
    lr: float = 8e-3  # the peak of the one-cycle schedule
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and their labels, which only the plots use."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


class NegativeELBO(nn.Module):
    """The loss as a module, so that several processes can share a batch."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        """Return the mean over a batch, in nats."""
        reconstruction, divergence = elbo_terms(self.model, image)
        return (reconstruction + divergence).mean()


def elbo_terms(
    model: VAE, image: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Return the two terms of the negative ELBO of each image, (B,) each, in nats: the
    reconstruction error and the KL divergence. Kingma and Welling, equation 10:

        -ELBO = -log p(x|z) + KL(q(z|x) || p(z)), with one z drawn from q(z|x).
    """
    mu, logvar = model.posterior(image)
    logits = model.decode(reparameterize(mu, logvar, generator))
    # -log p(x|z) = -sum of x log y + (1 - x) log(1 - y), equation 11
    error = binary_cross_entropy_with_logits(logits, image, reduction="none")
    # KL = -1/2 sum of 1 + log sigma^2 - mu^2 - sigma^2, appendix B
    divergence = (mu.square() + logvar.exp() - 1 - logvar) / 2
    return error.flatten(start_dim=1).sum(dim=1), divergence.sum(dim=1)


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model = run.build()
    loss = run.prepare(NegativeELBO(model))
    optimizer = run.prepare(
        torch.optim.Adam(loss.parameters(), lr=settings.lr, fused=True)
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
        )
    )
    for _ in run.epochs(settings.epochs):
        loss.train()
        for image, _ in run.batches(train_rows, settings.batch_size):
            run.step(loss(image), optimizer, scheduler)
        run.log(measure_elbo(model, val_rows), best="negative_elbo")
    return run.best(model)


@torch.inference_mode()
def measure_elbo(model: VAE, rows: TensorRows) -> dict[str, float]:
    """Return the negative ELBO and its two terms, with codes drawn by a fixed seed."""
    generator = torch.Generator().manual_seed(0)
    device = model.fc_mu.weight.device
    terms = [
        torch.stack(
            elbo_terms(model, to_model_input(batch).to(device), generator)
        ).cpu()
        for batch in rows.in_order()
    ]
    reconstruction, divergence = torch.cat(terms, dim=1).mean(dim=1).tolist()
    return {
        "negative_elbo": reconstruction + divergence,
        "reconstruction_nats": reconstruction,
        "kl_nats": divergence,
    }
