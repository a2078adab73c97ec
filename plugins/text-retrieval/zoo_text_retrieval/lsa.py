"""Latent semantic analysis with an MLP on it, all of it in this file.

Deerwester, Dumais, Furnas, Landauer, Harshman: "Indexing by latent semantic analysis",
1990. Words are weighted by TF-IDF (Salton, Buckley, 1988), projected to topics by a
truncated SVD of the training texts, and classified by an MLP. TF-IDF and SVD are fitted
in closed form, without gradients, and kept in buffers. Three things differ: before the
projection each word is multiplied by its log-count ratio between the two classes (Wang,
Manning: "Baselines and bigrams", 2012), so that the topics are about what separates the
classes; the sum of these products, which is the log-odds of naive Bayes, is a feature
of the MLP beside the topics; and the topics of a text are scaled to length one, as
retrieval by cosine similarity does, so that long texts do not count more than short
ones.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

__all__ = ["LSA", "NaiveBayesWeights", "SVDProjection", "TfIdf", "lsa_mlp"]

NUM_SPECIAL_TOKENS = 2  # ids 0 and 1 are no words: padding and unknown words
ALPHA = 0.03  # smoothing: added to each sum of weights, as MultinomialNB's alpha


class TfIdf(nn.Module):
    """Token ids to TF-IDF vectors of length one, with sublinear term frequency."""

    idf: Tensor

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.register_buffer("idf", torch.ones(vocab_size))
        self.idf[:NUM_SPECIAL_TOKENS] = 0

    def forward(self, token: Tensor) -> Tensor:
        count = self.count(token)  # (B, length) -> (B, vocab_size)
        # tf = log(count) + 1; the vector is tf * idf, divided by its length
        tf = torch.where(count > 0, count.clamp(min=1).log() + 1, 0)
        return normalize(tf * self.idf)

    def count(self, token: Tensor) -> Tensor:
        """Return how often each word of the vocabulary is in each text."""
        counts = self.idf.new_zeros(len(token), len(self.idf))
        ones = counts.new_ones(()).expand(token.shape)
        return counts.scatter_add(1, token.long(), ones)

    @torch.no_grad()
    def fit(self, token: Tensor) -> None:
        """Set the inverse document frequencies from training texts, (rows, length).

        A word that is in none of them has weight zero.
        """
        document_frequency = (self.count(token) > 0).sum(dim=0).double()
        # idf = log((1 + n) / (1 + df)) + 1, as scikit-learn's smooth_idf
        idf = torch.log((1 + len(token)) / (1 + document_frequency)) + 1
        self.idf.copy_(idf.masked_fill(document_frequency == 0, 0))
        self.idf[:NUM_SPECIAL_TOKENS] = 0


class NaiveBayesWeights(nn.Module):
    """Multiplies the weight of each word by its log-count ratio between two classes.

    The sum over a text is its log-odds by naive Bayes, for equally frequent classes.
    """

    log_count_ratio: Tensor

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.register_buffer("log_count_ratio", torch.zeros(vocab_size))

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.log_count_ratio  # (B, vocab_size)

    @torch.no_grad()
    def fit(self, weight: Tensor, label: Tensor) -> None:
        """Set the ratios from training weights, (rows, vocab_size), and 0/1 labels."""
        total = _class_totals(weight, label)
        # Equation (2): r = log((p / |p|_1) / (q / |q|_1)), of the smoothed sums p and q
        log_probs = (total / total.sum(dim=1, keepdim=True)).log()
        ratio = log_probs[1] - log_probs[0]
        self.log_count_ratio.copy_(torch.where(total[0] > 0, ratio, 0))

    @torch.no_grad()
    def leave_one_out(self, weight: Tensor, label: Tensor) -> Tensor:
        """Return weighted training texts, each by ratios fitted to all the others.

        With ratios that were fitted to a text as well, its words would favour its class
        more than the words of a new text do, and the MLP would rely on them too much.
        """
        class_totals, held_out = _class_totals(weight, label), weight.double()
        norms, other = class_totals.sum(dim=1), class_totals[1 - label]
        own = (class_totals[label] - held_out).clamp(min=ALPHA)
        own_norm = norms[label] - held_out.sum(dim=1)
        own, other = own / own_norm[:, None], other / norms[1 - label][:, None]
        sign = (2 * label - 1)[:, None]  # of the text's own class: -1 or 1
        ratio = torch.where(held_out > 0, (own / other).log(), 0)
        return (held_out * sign * ratio).to(weight.dtype)


def _class_totals(weight: Tensor, label: Tensor) -> Tensor:
    """Return the smoothed sum of each word's weight in each class, (2, vocab_size)."""
    total = one_hot(label, 2).double().T @ weight.double()
    is_word = total.sum(dim=0) > 0  # the vocabulary may have unused ids
    return torch.where(is_word, total + ALPHA, 0)


class SVDProjection(nn.Module):
    """Weights of words to topics: the first right singular vectors of the texts."""

    components: Tensor
    singular_values: Tensor

    def __init__(self, vocab_size: int, num_topics: int) -> None:
        super().__init__()
        self.register_buffer("components", torch.zeros(num_topics, vocab_size))
        self.register_buffer("singular_values", torch.zeros(num_topics))

    def forward(self, weight: Tensor) -> Tensor:
        return weight @ self.components.T  # (B, vocab_size) -> (B, num_topics)

    @torch.no_grad()
    def fit(self, weight: Tensor) -> None:
        """Set the components from training weights, (rows, vocab_size).

        X = U S V^T, where V^T are the components. They come from the eigenvectors of
        X X^T = U S^2 U^T, because there are far fewer rows than words. The sign of a
        component is arbitrary: its largest entry is made positive.
        """
        matrix = weight.double()
        eigenvalues, eigenvectors = torch.linalg.eigh(matrix @ matrix.T)  # ascending
        singular_values = eigenvalues.flip(0).clamp(min=0).sqrt()
        rank = int((singular_values > 1e-6 * singular_values[0]).sum())
        count = min(len(self.components), rank)
        left = eigenvectors.flip(1)[:, :count]
        components = left.T @ matrix / singular_values[:count, None]
        largest = components.gather(1, components.abs().argmax(dim=1, keepdim=True))
        self.components.zero_()
        self.components[:count] = (components * largest.sign()).float()
        self.singular_values.zero_()
        self.singular_values[:count] = singular_values[:count].float()


class LSA(nn.Module):
    """TF-IDF, log-count ratios, topics, and an MLP that classifies by the topics."""

    def __init__(
        self,
        *,
        vocab_size: int,
        num_topics: int,
        hidden_size: int,
        dropout: float,
        classes: int,
    ) -> None:
        super().__init__()
        self.tfidf = TfIdf(vocab_size)
        self.naive_bayes = NaiveBayesWeights(vocab_size)
        self.svd = SVDProjection(vocab_size, num_topics)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(num_topics + 1, hidden_size),
            nn.ReLU(),
            nn.Linear(hidden_size, classes),
        )
        # Before anything is fitted, the ratios and the projection are random.
        nn.init.normal_(self.naive_bayes.log_count_ratio)
        nn.init.normal_(self.svd.components, std=vocab_size**-0.5)

    def forward(self, token: Tensor) -> Tensor:
        weighted = self.naive_bayes(self.tfidf(token))  # -> (B, vocab_size)
        logits: Tensor = self.classifier(self.topic_features(weighted))
        return logits  # (B, classes)

    def topic_features(self, weighted: Tensor) -> Tensor:
        """Return topics of length one and the log-odds, (B, num_topics + 1)."""
        topics = normalize(self.svd(weighted))
        return torch.cat([topics, weighted.sum(dim=1, keepdim=True)], dim=1)

    def fit(self, token: Tensor, label: Tensor) -> Tensor:
        """Fit all but the MLP to training texts, (rows, length), and their labels.

        Returns the features to train the MLP with: those of each text have the ratios
        that were fitted to all other texts.
        """
        self.tfidf.fit(token)
        weight = self.tfidf(token)
        self.naive_bayes.fit(weight, label)
        self.svd.fit(self.naive_bayes(weight))
        return self.topic_features(self.naive_bayes.leave_one_out(weight, label))


def lsa_mlp(
    *,
    vocab_size: int,
    num_topics: int = 50,
    hidden_size: int = 16,
    dropout: float = 0.3,
    classes: int = 2,
) -> LSA:
    """LSA with this many topics, and one hidden layer on them."""
    return LSA(
        vocab_size=vocab_size,
        num_topics=num_topics,
        hidden_size=hidden_size,
        dropout=dropout,
        classes=classes,
    )
