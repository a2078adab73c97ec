"""How likely pictures are to a restricted Boltzmann machine.

The free energy says it up to log Z, which is the same for all pictures. For a few units
log Z is a sum; for many it is estimated by annealed importance sampling: Salakhutdinov,
Murray: "On the quantitative analysis of deep belief networks", 2008. The
pseudo-likelihood, of each pixel given all others, needs no Z.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import linear, softplus

from zoo_boltzmann.rbm import RBM, drawn

__all__ = ["Estimate", "annealed", "enumerated", "pseudo"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An estimate of log Z, and where it would lie if Z were a standard error off.

    `low` is minus infinity where the chains disagree as much as that.
    """

    value: float
    low: float
    high: float


@torch.no_grad()
def annealed(
    model: RBM, random: torch.Generator, *, chains: int = 100, steps: int = 1000
) -> Estimate:
    """Return log Z, by chains that go from independent pixels to the machine."""
    weight, visible, hidden, begin = model.precise()

    def unnormalised(pixels: Tensor, seen: Tensor, share: float) -> Tensor:
        bias = (1 - share) * begin + share * visible
        return pixels @ bias + softplus(share * seen).sum(dim=1)

    pixels = drawn(begin.expand(chains, -1), random)
    weights = torch.zeros(chains).double()
    shares = [step / steps for step in range(steps + 1)]
    for last, share in pairwise(shares):
        seen = linear(pixels, weight, hidden)
        weights += unnormalised(pixels, seen, share) - unnormalised(pixels, seen, last)
        units = drawn(share * seen, random)
        bias = (1 - share) * begin + share * visible
        pixels = drawn(share * (units @ weight) + bias, random)
    first = softplus(begin).sum() + len(hidden) * math.log(2)  # log Z without weights
    return _estimate(weights, float(first))


def _estimate(weights: Tensor, first: float) -> Estimate:
    """Return the log of the mean of importance weights, given as logs."""
    most = weights.max()
    ratio = (weights - most).exp()
    mean, error = ratio.mean(), ratio.std() / math.sqrt(len(ratio))
    base = first + float(most)
    low = float(mean - error)
    return Estimate(
        value=base + math.log(mean),
        low=base + math.log(low) if low > 0 else -math.inf,
        high=base + math.log(mean + error),
    )


@torch.no_grad()
def enumerated(model: RBM) -> float:
    """Return log Z of a machine with few pixels, summed over all pictures."""
    count = len(model.visible)
    numbers = torch.arange(2**count)
    pictures = (numbers[:, None] >> torch.arange(count) & 1).to(model.weight)
    return float((-model.free_energy(pictures)).double().logsumexp(dim=0))


@torch.no_grad()
def pseudo(model: RBM, ink: Tensor, random: torch.Generator) -> float:
    """Return an estimate of the mean log pseudo-likelihood of black and white pictures,
    (B, pixels), in nats: one pixel of each, drawn at random, stands for all."""
    count = ink.shape[1]
    picked = torch.randint(count, (len(ink), 1), generator=random).to(ink.device)
    other = ink.scatter(1, picked, 1 - ink.gather(1, picked))
    gap = model.free_energy(other) - model.free_energy(ink)
    return float(-count * softplus(-gap).mean())
