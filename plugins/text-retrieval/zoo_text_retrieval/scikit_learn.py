"""What scikit-learn's methods reach on posts and articles."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import normalize

from zoo.errors import MissingExtra

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "NUM_PAIR_FEATURES",
    "correct_with_pairs",
    "kd_tree",
    "random_forest",
    "svd_topics",
    "words_and_pairs",
]

REASON = "Measuring the baselines"
TREES = 500  # as in the course
NUM_PAIR_FEATURES = 20_000  # words and pairs of them, the most frequent; the course's


def random_forest(features: Tensor, label: Tensor, test: Tensor) -> Tensor:
    """Return the labels that a random forest predicts for the rows of `test`."""
    try:
        from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
        from sklearn.ensemble import RandomForestClassifier
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    forest = RandomForestClassifier(TREES, random_state=0)
    forest.fit(csr_matrix(features.numpy()), label.numpy())
    return torch.from_numpy(forest.predict(csr_matrix(test.numpy())))


def correct_with_pairs(
    texts: Sequence[str],
    label: Tensor,
    held_out: Tensor,
    *,
    grid: Sequence[float],
    max_df: float,
) -> Tensor:
    """Return how many texts of a fold are right by logistic regression with each C,
    where word pairs have TF-IDF weights as well as words."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    given = [text for text, out in zip(texts, held_out, strict=True) if not out]
    asked = [text for text, out in zip(texts, held_out, strict=True) if out]
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2),
        sublinear_tf=True,
        max_df=max_df,
        max_features=NUM_PAIR_FEATURES,
    )
    weight, known = vectorizer.fit_transform(given), label[~held_out].numpy()
    test, wanted = vectorizer.transform(asked), label[held_out].numpy()
    correct = []
    for c in grid:
        # LIBLINEAR is many times faster here than the default solver
        line = LogisticRegression(C=c, solver="liblinear", random_state=0)
        correct.append((line.fit(weight, known).predict(test) == wanted).sum())
    return torch.tensor(correct).float()


def words_and_pairs(train: Sequence[str], test: Sequence[str]) -> Tensor:
    """Return TF-IDF vectors of test texts with the course's settings: words and pairs,
    in three texts at least and in at most seven of ten."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=3, max_df=0.7)
    given = vectorizer.fit(train).transform(test)
    return torch.from_numpy(given.toarray()).float()


def svd_topics(known: Tensor, asked: Tensor, count: int) -> Tensor:
    """Return vectors of length one: `asked` on singular vectors of `known`."""
    try:
        from sklearn.decomposition import TruncatedSVD
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    fitted = TruncatedSVD(count, random_state=0).fit(known.double().numpy())
    topics = torch.from_numpy(fitted.transform(asked.double().numpy()))
    return normalize(topics, dim=1).float()


def kd_tree(known: Tensor, asked: Tensor, count: int) -> tuple[float, Tensor]:
    """Return the seconds of a search in a k-d tree, and the nearest, by distance.

    Of vectors of length one those with the least distance have the largest cosine.
    """
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    tree = NearestNeighbors(n_neighbors=count, algorithm="kd_tree").fit(known.numpy())
    started = time.perf_counter()
    nearest = tree.kneighbors(asked.numpy(), return_distance=False)
    return time.perf_counter() - started, torch.from_numpy(nearest)
