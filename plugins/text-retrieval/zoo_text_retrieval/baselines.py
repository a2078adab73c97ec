"""Baselines on TF-IDF vectors: logistic regression and naive Bayes."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from zoo.recipes import baselines

__all__ = ["BASELINES", "logistic_regression", "naive_bayes"]

L2 = 1 / 20  # of logistic regression, divided by the rows: scikit-learn's C=10
ALPHA = 0.1  # smoothing of naive Bayes: MultinomialNB's alpha


def logistic_regression(features: Tensor, label: Tensor, test: Tensor) -> Tensor:
    """Return the labels that logistic regression predicts for the rows of `test`."""
    classes = int(label.max()) + 1
    zeros = torch.zeros(classes, features.shape[1]), torch.zeros(classes)
    l2 = L2 / len(features)
    weight, bias = baselines.solve_linear(zeros, features, label, cross_entropy, l2=l2)
    return (test @ weight.T + bias).argmax(dim=1)


def naive_bayes(features: Tensor, label: Tensor, test: Tensor) -> Tensor:
    """Return the labels that naive Bayes predicts for the rows of `test`."""
    is_word = features.sum(dim=0) > 0  # the vocabulary may have unused ids
    member = one_hot(label).double()  # (rows, classes)
    total = member.T @ features[:, is_word].double() + ALPHA
    log_probs = (total / total.sum(dim=1, keepdim=True)).log()
    # argmax over y of log P(y) + sum_w x_w log P(w | y)
    scores = test[:, is_word].double() @ log_probs.T + member.mean(dim=0).log()
    return scores.argmax(dim=1)


BASELINES = {"logistic regression": logistic_regression, "naive Bayes": naive_bayes}
