"""Simple methods as baselines: a model should be better than they are."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.runtime import regression

__all__ = [
    "least_squares",
    "logistic",
    "logistic_labels",
    "majority",
    "mean",
    "nearest_mean",
    "pca",
]


def majority(training: TensorRows, test: TensorRows) -> float:
    """Return the test accuracy of predicting the most frequent training label."""
    commonest = training.target.bincount().argmax()
    return _share(test.target == commonest)


def nearest_mean(training: TensorRows, test: TensorRows) -> float:
    """Return the test accuracy of the nearest class mean of the training inputs."""
    labels = training.target.unique()
    means = torch.stack(
        [_flat(training[training.target == label]).mean(dim=0) for label in labels]
    )
    nearest = torch.cdist(_flat(test), means).argmin(dim=1)
    return _share(labels[nearest] == test.target)


def logistic(training: TensorRows, test: TensorRows) -> float:
    """Return the test accuracy of logistic regression: see `logistic_labels`."""
    return _share(logistic_labels(training, test) == test.target)


def logistic_labels(training: TensorRows, test: TensorRows) -> Tensor:
    """Return the test predictions of logistic regression on standardised inputs.

    The sum of cross-entropies plus half the squared weights is minimised until
    convergence.
    """
    mean_input, std = _flat(training).mean(dim=0), _flat(training).std(dim=0)
    std = std.masked_fill(std == 0, 1.0)  # a column that never changes
    inputs, test_inputs = (
        (_flat(r) - mean_input).div(std).double() for r in (training, test)
    )
    count = int(training.target.max()) + 1
    weight = torch.zeros(inputs.shape[1], count).double().requires_grad_()
    bias = torch.zeros(count).double().requires_grad_()
    search = torch.optim.LBFGS(
        [weight, bias], max_iter=1000, line_search_fn="strong_wolfe"
    )

    def cost() -> float:
        search.zero_grad()
        logits = inputs @ weight + bias
        loss = cross_entropy(logits, training.target, reduction="sum")
        loss = loss + weight.square().sum() / 2
        loss.backward()
        return loss.item()

    search.step(cost)
    return (test_inputs @ weight + bias).argmax(dim=1)


def mean(training: TensorRows, test: TensorRows) -> dict[str, float]:
    """Return the test error of the mean of the training targets."""
    mean_target = training.target.double().mean()
    return regression.metrics(mean_target.expand(len(test)), test.target)


def least_squares(training: TensorRows, test: TensorRows) -> dict[str, float]:
    """Return the test error of linear least squares on the inputs."""
    target = training.target.double()
    weight = torch.linalg.lstsq(_with_one(training), target[:, None]).solution
    return regression.metrics(_with_one(test) @ weight, test.target)


def pca(training: TensorRows, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first `count` principal components of the training inputs.

    These are the mean, (numbers,), the directions, (numbers, count), and the standard
    deviations, (count,).
    """
    inputs = _flat(training).double()
    mean_input = inputs.mean(dim=0)
    variance, directions = torch.linalg.eigh(torch.cov(inputs.T))
    std = variance[-count:].flip(0).clamp_min(0).sqrt()
    return mean_input, directions[:, -count:].flip(1), std


def _with_one(rows: TensorRows) -> Tensor:
    inputs = _flat(rows).double()
    return torch.cat([inputs, torch.ones(len(inputs), 1).double()], dim=1)


def _flat(rows: TensorRows) -> Tensor:
    return to_model_input(rows.input).flatten(start_dim=1)


def _share(right: Tensor) -> float:
    return right.float().mean().item()
