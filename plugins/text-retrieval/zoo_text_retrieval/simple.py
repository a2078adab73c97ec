"""What simple methods say of texts as weighted words."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from zoo.finetuning import linear_solver as heads

__all__ = ["METHODS", "bayes", "logistic"]

PULL = 1 / 20  # of logistic regression, over the rows: C=10 in scikit-learn's words
SMOOTHING = 0.1  # what naive Bayes adds to each sum: alpha in scikit-learn's words


def logistic(given: Tensor, label: Tensor, asked: Tensor) -> Tensor:
    """Return what logistic regression says of `asked`, fitted exactly."""
    count = int(label.max()) + 1
    zeros = torch.zeros(count, given.shape[1]), torch.zeros(count)
    pull = PULL / len(given)
    weight, bias = heads.solve(zeros, given, label, cross_entropy, l2=pull)
    return (asked @ weight.T + bias).argmax(dim=1)


def bayes(given: Tensor, label: Tensor, asked: Tensor) -> Tensor:
    """Return what multinomial naive Bayes on weighted words says of `asked`."""
    known = given.sum(dim=0) > 0  # other places of the vocabulary are no words
    member = one_hot(label).double()  # (rows, classes)
    share = member.T @ given[:, known].double() + SMOOTHING
    chance = (share / share.sum(dim=1, keepdim=True)).log()
    said = asked[:, known].double() @ chance.T + member.mean(dim=0).log()
    return said.argmax(dim=1)


METHODS = {"logistic regression": logistic, "naive Bayes": bayes}
