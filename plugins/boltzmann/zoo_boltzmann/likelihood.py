"""The likelihood of images under a restricted Boltzmann machine.

log p(v) = -F(v) - log Z, with the free energy F. For a few units log Z is a sum; for
many it is estimated by annealed importance sampling: Salakhutdinov, Murray: "On the
quantitative analysis of deep belief networks", 2008. The pseudo-likelihood, of each
pixel given all others, needs no Z.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import linear, softplus

from zoo_boltzmann.rbm import RBM, sample_bernoulli

__all__ = ["LogZ", "ais_log_z", "exact_log_z", "log_pseudo_likelihood"]


@dataclass(frozen=True, kw_only=True)
class LogZ:
    """An estimate of log Z, and what it would be if Z were a standard error off.

    `low` is minus infinity where the standard error is as large as Z.
    """

    value: float
    low: float
    high: float


@torch.no_grad()
def ais_log_z(
    model: RBM, generator: torch.Generator, *, chains: int = 100, steps: int = 1000
) -> LogZ:
    """Return log Z by annealed importance sampling from the base-rate model.

    Intermediate distributions have p_k(v) proportional to

        exp((1 - beta) b_A v + beta b v) * product of (1 + exp(beta (W v + c))),

    with the base-rate bias b_A: independent pixels at beta = 0, the model at beta = 1.
    Z = Z_A * mean of w, w = product over k of p*_k(v_k) / p*_(k-1)(v_k).
    """
    W, visible_bias, hidden_bias, base_bias = model.float64_parameters()

    def log_unnormalized(visible: Tensor, logits: Tensor, beta: float) -> Tensor:
        bias = (1 - beta) * base_bias + beta * visible_bias
        return visible @ bias + softplus(beta * logits).sum(dim=1)

    visible = sample_bernoulli(base_bias.expand(chains, -1), generator)
    log_weights = torch.zeros(chains).double()
    betas = [step / steps for step in range(steps + 1)]
    for last, beta in pairwise(betas):
        logits = linear(visible, W, hidden_bias)
        before = log_unnormalized(visible, logits, last)
        log_weights += log_unnormalized(visible, logits, beta) - before
        hidden = sample_bernoulli(beta * logits, generator)
        bias = (1 - beta) * base_bias + beta * visible_bias
        visible = sample_bernoulli(beta * (hidden @ W) + bias, generator)
    log_z_base = softplus(base_bias).sum() + len(hidden_bias) * math.log(2)
    return _log_mean(log_weights, float(log_z_base))


def _log_mean(log_weights: Tensor, log_z_base: float) -> LogZ:
    """Return log Z from the importance weights of the chains."""
    largest = log_weights.max()
    weights = (log_weights - largest).exp()
    mean, error = weights.mean(), weights.std() / math.sqrt(len(weights))
    base = log_z_base + float(largest)
    low = float(mean - error)
    return LogZ(
        value=base + math.log(mean),
        low=base + math.log(low) if low > 0 else -math.inf,
        high=base + math.log(mean + error),
    )


@torch.no_grad()
def exact_log_z(model: RBM) -> float:
    """Return log Z of a machine with few pixels, summed over all images."""
    count = len(model.visible_bias)
    numbers = torch.arange(2**count)
    images = (numbers[:, None] >> torch.arange(count) & 1).to(model.W)
    return float((-model.free_energy(images)).double().logsumexp(dim=0))


@torch.no_grad()
def log_pseudo_likelihood(
    model: RBM, binary: Tensor, generator: torch.Generator
) -> float:
    """Return an estimate of the mean log pseudo-likelihood of binary images,
    (B, pixels), in nats: sum over i of log p(v_i | all other pixels).

    One pixel of each image, drawn at random, stands for all:
    log p(v_i | others) = -log(1 + exp(F(v) - F(v with pixel i flipped))).
    """
    count = binary.shape[1]
    pixel = torch.randint(count, (len(binary), 1), generator=generator)
    pixel = pixel.to(binary.device)
    flipped = binary.scatter(1, pixel, 1 - binary.gather(1, pixel))
    difference = model.free_energy(flipped) - model.free_energy(binary)
    return float(-count * softplus(-difference).mean())
