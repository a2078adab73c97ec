"""The simple baselines: counts beside BERT, logistic regression beside a classifier.

Counts predict a masked token: its probability is proportional to that of a bigram with
its left neighbour, times that of a bigram with its right neighbour. It is interpolated
with how often the token was seen between the same two neighbours.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.errors import MissingExtra
from zoo.recipes import TensorRows
from zoo_transformer.masking import IGNORE_INDEX

__all__ = ["NeighbourCounts", "word_logistic_accuracy"]

EPS = 1e-12
CHUNK_SIZE = 500  # masked positions that are predicted at once
WORD_C = 10.0  # of logistic regression: a usual value that was not tuned

LabeledTexts = tuple[Sequence[str], Sequence[int]]


class NeighbourCounts:
    """Unigram, bigram and trigram counts of rows of tokens, (rows, length).

    `bigram_prior` is the pseudo-count of the unigram distribution beside the bigrams,
    `trigram_prior` that of the bigram prediction beside the trigrams. A neighbour that
    is masked too, or is missing at an end, is left out of the prediction.
    """

    def __init__(
        self,
        token: Tensor,
        *,
        vocab_size: int,
        bigram_prior: float,
        trigram_prior: float,
    ) -> None:
        token = token.long()
        self.vocab_size, self.trigram_prior = vocab_size, trigram_prior
        count = torch.bincount(token.flatten(), minlength=vocab_size).float() + EPS
        self.unigram = count / count.sum()
        pair = (token[:, :-1] * vocab_size + token[:, 1:]).flatten()
        pairs = torch.bincount(pair, minlength=vocab_size**2).float()
        pairs = pairs.view(vocab_size, vocab_size)
        total = pairs.sum(dim=1, keepdim=True)
        # P(right | left), indexed [left, right]
        self.bigram = (pairs + bigram_prior * self.unigram) / (total + bigram_prior)
        outer = (token[:, :-2] * vocab_size + token[:, 2:]) * vocab_size
        trigram = outer + token[:, 1:-1]  # sorted by both neighbours, then the middle
        self.trigrams, self.trigram_count = trigram.unique(return_counts=True)

    def log_probs(self, rows: TensorRows, *, mask_token_id: int) -> Tensor:
        """Return log-probabilities at the masked positions, (masked, vocab_size)."""
        padded = pad(rows.input.long(), (1, 1), value=mask_token_id)
        selected = rows.target != IGNORE_INDEX
        left, right = padded[:, :-2][selected], padded[:, 2:][selected]
        chunks = zip(left.split(CHUNK_SIZE), right.split(CHUNK_SIZE), strict=True)
        return torch.cat([self._probs(*pair, mask_token_id).log() for pair in chunks])

    def _probs(self, left: Tensor, right: Tensor, mask_token_id: int) -> Tensor:
        no_left, no_right = left == mask_token_id, right == mask_token_id
        from_left = torch.where(no_left[:, None], self.unigram, self.bigram[left])
        from_right = torch.where(no_right[:, None], 1.0, self.bigram.T[right])
        probs = from_left * from_right
        probs = probs / probs.sum(dim=1, keepdim=True)
        count = self._counts_between(left, right)
        total = count.sum(dim=1, keepdim=True)
        return (count + self.trigram_prior * probs) / (total + self.trigram_prior)

    def _counts_between(self, left: Tensor, right: Tensor) -> Tensor:
        """Return how often each token was seen between two, (masked, vocab_size)."""
        counts = torch.zeros(len(left), self.vocab_size)
        first = (left * self.vocab_size + right) * self.vocab_size
        begin = torch.searchsorted(self.trigrams, first)
        end = torch.searchsorted(self.trigrams, first + self.vocab_size)
        for row, (low, high) in enumerate(zip(begin, end, strict=True)):
            middle = self.trigrams[low:high] % self.vocab_size
            counts[row, middle] = self.trigram_count[low:high].float()
        return counts


def word_logistic_accuracy(training: LabeledTexts, test: LabeledTexts) -> float:
    """Return the test accuracy of logistic regression on TF-IDF of words and pairs."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise MissingExtra("scikit-learn", "Measuring the baseline") from exc
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    features = vectorizer.fit_transform(training[0])
    model = LogisticRegression(C=WORD_C, solver="liblinear")
    model.fit(features, training[1])
    return float(model.score(vectorizer.transform(test[0]), test[1]))
