"""Train a restricted Boltzmann machine on MNIST, without a loss.

Read it from top to bottom: settings, data, training, evaluation. The settings were
chosen on the 6,000 validation rows; the test rows are used once, at the end.

The gradient of the log-likelihood is the difference of two expectations, over the data
and over the model. The latter is estimated from Gibbs chains that restart at digits in
each step (contrastive divergence), or that continue from step to step (persistent:
Tieleman, "Training restricted Boltzmann machines using approximations to the likelihood
gradient", 2008). It is written out below, without autograd.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zoo.recipes import Run, TensorRows, predict_batches, to_model_input
from zoo_boltzmann.likelihood import ais_log_z, log_pseudo_likelihood
from zoo_boltzmann.rbm import RBM, sample_bernoulli

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

MIN_RATE, MAX_RATE = 1e-3, 1 - 1e-3  # how often a pixel is white, at initialization


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 50
    batch_size: int = 50  # and as many chains
    lr: float = 0.1  # falls to zero linearly
    method: Literal["pcd", "cd"] = "pcd"  # (persistent) contrastive divergence
    gibbs_steps: int = 1  # of the chains for each step of the weights
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and their labels, which only the report uses."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


class PersistentChains:
    """The states of the Gibbs chains, kept for resuming."""

    def __init__(self, visible: Tensor) -> None:
        self.visible = visible

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the chains, as a run keeps them."""
        return {"visible": self.visible}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the states of the chains of a killed run."""
        self.visible = state["visible"].to(self.visible)


@torch.no_grad()
def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model: RBM = run.build()
    init_visible_bias(model, train_rows)
    run.prepare(model)
    optimizer = run.prepare(torch.optim.SGD(model.parameters(), settings.lr))
    total = run.steps(train_rows, settings.batch_size, settings.epochs)
    scheduler = run.prepare(
        torch.optim.lr_scheduler.LinearLR(optimizer, 1, 1e-3, total_iters=total)
    )
    base_rate = model.base_visible_bias.expand(settings.batch_size, -1)
    chains = run.prepare(PersistentChains(sample_bernoulli(base_rate)))
    for _ in run.epochs(settings.epochs):
        for image, _ in run.batches(train_rows, settings.batch_size):
            binary = torch.bernoulli(image.flatten(start_dim=1))
            start = chains.visible if settings.method == "pcd" else binary
            chains.visible = gibbs_sample(model, start, settings.gibbs_steps)
            for parameter, gradient in zip(
                model.parameters(),
                log_likelihood_gradient(model, binary, chains.visible),
                strict=True,
            ):
                parameter.grad = run.mean(-gradient)
            optimizer.step()
            scheduler.step()
        run.log(measure_validation(model, val_rows))
    return run.best(model)


def init_visible_bias(model: RBM, rows: TensorRows) -> None:
    """Set the visible bias to the log-odds of each pixel in `rows`: the base rates."""
    image = to_model_input(rows.input).flatten(start_dim=1)
    log_odds = image.mean(dim=0).clamp(MIN_RATE, MAX_RATE).logit()
    model.base_visible_bias.copy_(log_odds)
    model.visible_bias.copy_(log_odds)


def gibbs_sample(model: RBM, visible: Tensor, steps: int) -> Tensor:
    """Return the visible units after some steps of Gibbs sampling."""
    for _ in range(steps):
        hidden = sample_bernoulli(model.hidden_logits(visible))
        visible = sample_bernoulli(model.visible_logits(hidden))
    return visible


def log_likelihood_gradient(
    model: RBM, binary: Tensor, samples: Tensor
) -> list[Tensor]:
    """Return the gradient of the log-likelihood of binary images, estimated from
    samples of the model: for W, the visible bias and the hidden bias.

        d log p(v) / d w_ij = <v_i h_j>_data - <v_i h_j>_model

    Hinton, "A practical guide to training restricted Boltzmann machines", equation 5;
    with samples that start at the data, contrastive divergence, equation 9.
    """
    data_statistics = sufficient_statistics(model, binary)
    model_statistics = sufficient_statistics(model, samples)
    both = zip(data_statistics, model_statistics, strict=True)
    return [positive - negative for positive, negative in both]


def sufficient_statistics(model: RBM, visible: Tensor) -> list[Tensor]:
    """Return the means <h v>, <v> and <h> over a batch of visible units, with the
    probabilities of the hidden units for h."""
    hidden = model.hidden_logits(visible).sigmoid()
    return [
        hidden.T @ visible / len(visible),
        visible.mean(dim=0),
        hidden.mean(dim=0),
    ]


def measure_validation(model: RBM, rows: TensorRows) -> dict[str, float]:
    """Return the metrics of rows that are binarized by a fixed seed."""
    generator = torch.Generator().manual_seed(0)
    image = to_model_input(rows.input)
    binary = torch.bernoulli(image, generator=generator).flatten(start_dim=1)
    reconstruction = predict_batches(model, image).sigmoid()
    binary = binary.to(model.W.device)
    return {
        "negative_pseudo_likelihood": -log_pseudo_likelihood(model, binary, generator),
        "mse": (reconstruction - image).square().mean().item(),
    }


def evaluate(model: Any, rows: TensorRows) -> dict[str, float]:
    """Return the metrics. Images are binarized, and chains run, by a fixed seed; log Z
    is estimated in a step for every four rows.

    -log p(v) = F(v) + log Z.
    """
    generator = torch.Generator().manual_seed(0)
    image = to_model_input(rows.input)
    binary = torch.bernoulli(image, generator=generator).flatten(start_dim=1)
    log_z = ais_log_z(model, generator, steps=len(rows) // 4).value
    free_energy = predict_batches(_FreeEnergy(model), binary)
    reconstruction = predict_batches(model, image).sigmoid()
    return {
        "negative_log_likelihood": free_energy.double().mean().item() + log_z,
        "mse": (reconstruction - image).square().mean().item(),
    }


class _FreeEnergy(nn.Module):
    """The free energy as a module, to be run in batches."""

    def __init__(self, model: RBM) -> None:
        super().__init__()
        self.model = model

    def forward(self, visible: Tensor) -> Tensor:
        """Return the free energy of binary images, (B,)."""
        return self.model.free_energy(visible)
