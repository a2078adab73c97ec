"""How far drawn outputs are from real ones: the Fréchet distance of their features.

Heusel et al., "GANs trained by a two time-scale update rule", 2017: the distance of two
normal distributions with the means and covariances of the features. Theirs are of an
Inception network; here they are of any model that is chosen, as by
`zoo.runtime.features.extract_features`. Distances by different models, or of different
numbers of rows, can't be compared.

`feature_diversity` asks of the same features one thing alone: whether the drawn ones
differ from each other as real ones do, which they no longer do where a generator has
collapsed.
"""

import math

import torch
from torch import Tensor, nn

from zoo.runtime.features import extract_features

__all__ = ["feature_diversity", "frechet_distance", "frechet_from_features"]

MIN_VARIANCE = 1e-6  # of the widest direction: real rows do not differ in it


def frechet_distance(
    feature_extractor: nn.Module, samples: Tensor, real: Tensor
) -> float:
    """Return the Fréchet distance of two batches of model inputs, by their features."""
    return frechet_from_features(
        extract_features(feature_extractor, samples),
        extract_features(feature_extractor, real),
    )


def frechet_from_features(samples: Tensor, real: Tensor) -> float:
    """Return the Fréchet distance of two sets of features, (rows, numbers) each."""
    if min(len(samples), len(real)) <= samples.shape[1]:
        return _from_few_rows(samples, real)
    (middle, spread), (centre, width) = _moments(samples), _moments(real)
    # The trace of the root of spread @ width, by two symmetric matrices.
    root = _root(spread)
    shared = torch.linalg.eigvalsh(root @ width @ root).clamp_min(0).sqrt().sum()
    apart = (middle - centre).square().sum()
    total = apart + spread.trace() + width.trace() - 2 * shared
    return float(total.clamp_min(0))


def feature_diversity(samples: Tensor, real: Tensor) -> float:
    """Return how much of the spread of the real features the samples have, 0 to 1.

    It is the mean over all directions in which real features differ, once these are
    equally wide: one where the samples differ as much, or more, counts as one. One
    picture drawn again and again has no variety, and k of them at most k - 1
    directions.
    """
    (_, spread), (_, width) = _moments(samples), _moments(real)
    if len(real) <= real.shape[1]:
        _, singular, directions = torch.linalg.svd(_centered(real), full_matrices=False)
        values, vectors = singular.square(), directions.T
    else:
        values, vectors = torch.linalg.eigh(width)
    used = values > MIN_VARIANCE * values.max()
    scaled = vectors[:, used] / values[used].sqrt()
    shares = torch.linalg.eigvalsh(scaled.T @ spread @ scaled)
    return float(shares.clamp(0, 1).mean())


def _from_few_rows(samples: Tensor, real: Tensor) -> float:
    """Return the distance where covariances have directions without spread.

    With centered features A and B the covariances are A'A and B'B, and the trace of the
    root of their product is the sum of the singular values of AB'.
    """
    drawn, true = _centered(samples), _centered(real)
    shared = torch.linalg.svdvals(drawn @ true.T).sum()
    apart = (samples.double().mean(dim=0) - real.double().mean(dim=0)).square().sum()
    total = apart + drawn.square().sum() + true.square().sum() - 2 * shared
    return float(total.clamp_min(0))


def _centered(features: Tensor) -> Tensor:
    """Return features whose products with themselves are their covariance."""
    features = features.double()
    centered: Tensor = features - features.mean(dim=0)
    return centered / math.sqrt(len(features) - 1)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    features = features.double()
    return features.mean(dim=0), torch.cov(features.T)


def _root(matrix: Tensor) -> Tensor:
    """Return the symmetric root of a symmetric matrix without negative directions."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root
