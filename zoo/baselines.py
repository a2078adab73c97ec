"""What simple methods reach: a model that does not beat them is not finished."""

import torch
from torch import Tensor

from zoo.tensors import Tensors, prepared

__all__ = ["majority", "nearest_mean"]


def majority(training: Tensors, test: Tensors) -> float:
    """Return the test accuracy of always saying the commonest training label."""
    commonest = training.target.bincount().argmax()
    return _share(test.target == commonest)


def nearest_mean(training: Tensors, test: Tensors) -> float:
    """Return the test accuracy of the label whose mean training input is nearest."""
    labels = training.target.unique()
    means = torch.stack(
        [_flat(training[training.target == label]).mean(dim=0) for label in labels]
    )
    nearest = torch.cdist(_flat(test), means).argmin(dim=1)
    return _share(labels[nearest] == test.target)


def _flat(rows: Tensors) -> Tensor:
    return prepared(rows.input).flatten(start_dim=1)


def _share(right: Tensor) -> float:
    return right.float().mean().item()
