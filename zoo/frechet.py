"""How far drawn outputs are from real ones: the Fréchet distance of their features.

Heusel et al., "GANs trained by a two time-scale update rule", 2017: the distance of two
normal distributions with the means and covariances of the features. Theirs are of an
Inception network; here a judge is any model of the zoo that has a head, and distances
by different judges, or of different numbers of rows, can't be compared.
"""

import torch
from torch import Tensor, nn

from zoo.featuring import before_head
from zoo.modes import evaluating

__all__ = ["distance", "frechet", "judged"]


def distance(judge: nn.Module, found: Tensor, real: Tensor) -> float:
    """Return the Fréchet distance of two batches of prepared inputs, by a judge."""
    return frechet(judged(judge, found), judged(judge, real))


def frechet(found: Tensor, real: Tensor) -> float:
    """Return the Fréchet distance of two sets of features, (rows, numbers) each."""
    (middle, spread), (centre, width) = _moments(found), _moments(real)
    # The trace of the root of spread @ width, by two symmetric matrices.
    root = _root(spread)
    shared = torch.linalg.eigvalsh(root @ width @ root).clamp_min(0).sqrt().sum()
    apart = (middle - centre).square().sum()
    total = apart + spread.trace() + width.trace() - 2 * shared
    return float(total.clamp_min(0))


@torch.inference_mode()
def judged(judge: nn.Module, given: Tensor, *, batch: int = 1000) -> Tensor:
    """Return what the head of `judge` is given for prepared inputs, (rows, numbers)."""
    with evaluating(judge):
        found = [before_head(judge, part)[0] for part in given.split(batch)]
    return torch.cat(found).flatten(start_dim=1)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    features = features.double()
    return features.mean(dim=0), torch.cov(features.T)


def _root(matrix: Tensor) -> Tensor:
    """Return the symmetric root of a symmetric matrix without negative directions."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root
