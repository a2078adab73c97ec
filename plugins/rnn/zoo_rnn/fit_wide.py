"""Fits the wide path: logistic regression on n-grams, without randomness.

Wang and Manning: "Baselines and bigrams: simple, good sentiment and topic
classification", 2012, scale each feature by its log-count ratio, equation (2), before a
linear classifier is fitted. Here that classifier is logistic regression, which has a
unique optimum.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, logsigmoid

from zoo.recipes import TensorRows
from zoo_rnn.gru import MAX_HASH, NO_FEATURE, WideLinear

__all__ = ["fit_path_weights", "fit_wide"]

CHUNK_SIZE = 1000  # texts that are hashed at once


class _SparseRows:
    """A sparse binary matrix, of which rows are multiplied with a vector."""

    def __init__(self, columns: Tensor, rows: Tensor, count: int) -> None:
        order = rows.argsort(stable=True)
        self.columns = columns[order]
        self.size = rows.bincount(minlength=count)
        self.start = self.size.cumsum(dim=0) - self.size

    def matvec(self, vector: Tensor) -> Tensor:
        """Return the sum of `vector` over the entries of each row, (rows,)."""
        total = embedding_bag(self.columns, vector[:, None], self.start, mode="sum")
        return total[:, 0]


def fit_wide(wide: WideLinear, rows: TensorRows, *, c: float, max_iter: int) -> None:
    """Choose the features of `wide`, and fit their coefficients for class 1.

    The features are the n-grams whose classes are most unlike. `c` is the inverse
    regularization strength, as scikit-learn's C.
    """
    positive = rows.target.float()
    feature, text = _select_features(wide, rows.input, positive)
    by_text = _SparseRows(feature, text, len(rows))
    by_feature = _SparseRows(text, feature, len(wide.feature_hashes))
    scale = by_text.size.clamp(min=1).sqrt().reciprocal()
    ratio = _log_count_ratio(
        by_feature.matvec(positive), by_feature.matvec(1 - positive)
    )
    sign = 2 * positive - 1
    weight = torch.zeros(len(wide.feature_hashes), requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight], max_iter=max_iter, line_search_fn="strong_wolfe", tolerance_change=0
    )

    @torch.no_grad()
    def closure() -> float:
        # min over w of |w|^2 / 2 + C sum_i log(1 + exp(-y_i w^T x_i)), the objective of
        # logistic regression as LIBLINEAR and scikit-learn have it
        margin = by_text.matvec(weight * ratio) * scale * sign
        loss = weight.square().sum() / 2 - c * logsigmoid(margin).sum()
        slope = by_feature.matvec((-margin).sigmoid() * sign * scale) * ratio
        weight.grad = weight - c * slope
        return loss.item()

    optimizer.step(closure)
    with torch.no_grad():
        wide.coef.weight.copy_((weight * ratio)[:, None])


def fit_path_weights(log_odds: Sequence[Tensor], target: Tensor) -> Tensor:
    """Return a weight for each of several log-odds, (rows,), and an intercept.

    That is logistic regression on a few features, without regularization.
    """
    features = torch.stack([*log_odds, torch.ones(len(target))], dim=1).double()
    sign = (2 * target - 1).double()
    weight = torch.zeros(features.shape[1]).double().requires_grad_()
    optimizer = torch.optim.LBFGS([weight], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = -logsigmoid(features @ weight * sign).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach().float()


def _select_features(
    wide: WideLinear, token: Tensor, positive: Tensor
) -> tuple[Tensor, Tensor]:
    """Store the features in `wide`; return which feature is in which text, as two
    tensors of (entries,)."""
    hashes, text = _ngrams_by_text(wide, token)
    known, index, count = hashes.unique(return_inverse=True, return_counts=True)
    in_positive = torch.zeros(len(known)).index_add_(0, index, positive[text])
    # By how many standard deviations the fraction of positive texts differs from a
    # half. An n-gram of a single text says nothing.
    z_score = (2 * in_positive - count).abs() / count.sqrt()
    z_score = z_score.masked_fill(count < 2, -1)
    order = z_score.argsort(descending=True, stable=True)
    selected = order[: len(wide.feature_hashes)].sort().values
    row = torch.full_like(count, -1)
    row[selected] = torch.arange(len(selected))
    wide.feature_hashes.fill_(MAX_HASH)
    wide.feature_hashes[: len(selected)] = known[selected].to(wide.feature_hashes)
    kept = row[index] >= 0
    return row[index][kept], text[kept]


def _ngrams_by_text(wide: WideLinear, token: Tensor) -> tuple[Tensor, Tensor]:
    """Return the hash of every n-gram in every text, and the number of the text."""
    hashes, texts = [], []
    for start in range(0, len(token), CHUNK_SIZE):
        chunk = token[start : start + CHUNK_SIZE]
        chunk_hashes = wide.unique_hashes(
            chunk[:, (chunk != wide.pad_token_id).any(dim=0)]
        )
        text, column = (chunk_hashes != NO_FEATURE).nonzero(as_tuple=True)
        hashes.append(chunk_hashes[text, column])
        texts.append(text + start)
    return torch.cat(hashes), torch.cat(texts)


def _log_count_ratio(positive: Tensor, negative: Tensor) -> Tensor:
    """Return r = log((p / |p|_1) / (q / |q|_1)) of smoothed counts, equation (2)."""
    p, q = positive + 1, negative + 1
    return (p / p.sum()).log() - (q / q.sum()).log()
