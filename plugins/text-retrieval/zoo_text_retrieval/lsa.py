"""Latent semantic analysis and a small network on it, all of it in this file.

Deerwester, Dumais, Furnas, Landauer, Harshman: "Indexing by latent semantic analysis",
1990. Words are counted and weighed (TF-IDF: Salton, Buckley, 1988), the weights
projected on the directions in which training texts differ most, and an MLP decides.
What is counted and projected is learned without gradients, exactly, and kept in
buffers. Three liberties: before the projection each word is multiplied by how much
oftener it stands in texts of the second group (Wang, Manning: "Baselines and bigrams",
2012), so that the topics are about what tells the groups apart; the sum of these
products, which is the verdict of naive Bayes, goes to the network beside the topics;
and a text's topics are brought to length one before, as retrieval by cosine does, so
that long texts do not count more than short ones.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

__all__ = ["LSA", "Leaning", "Projection", "TfIdf", "lsa_mlp"]

SPECIAL = 2  # tokens 0 and 1 are no words: padding, and all unknown words
SMOOTHING = 0.03  # added to each sum of weights, in the words of naive Bayes: alpha


class TfIdf(nn.Module):
    """Token numbers to the weight of each word: often here, and rare elsewhere."""

    idf: Tensor

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.register_buffer("idf", torch.ones(vocabulary))
        self.idf[:SPECIAL] = 0

    def forward(self, token: Tensor) -> Tensor:
        count = self.count(token)  # (B, length) -> (B, vocabulary)
        damped = torch.where(count > 0, count.clamp(min=1).log() + 1, 0)
        return normalize(damped * self.idf)

    def count(self, token: Tensor) -> Tensor:
        """Return how often each word of the vocabulary stands in each text."""
        held = self.idf.new_zeros(len(token), len(self.idf))
        ones = held.new_ones(()).expand(token.shape)
        return held.scatter_add(1, token.long(), ones)

    @torch.no_grad()
    def learn(self, token: Tensor) -> None:
        """Take how many of the training texts, (rows, length), each word is in.

        A word that is in none of them counts for nothing.
        """
        within = (self.count(token) > 0).sum(dim=0).double()
        idf = torch.log((1 + len(token)) / (1 + within)) + 1
        self.idf.copy_(idf.masked_fill(within == 0, 0))
        self.idf[:SPECIAL] = 0


class Leaning(nn.Module):
    """Weights of words to how much each speaks for the second of two groups.

    The factor of a word is the logarithm of a ratio, its share of all that texts of the
    second group say by its share in the first. The sum over a text is what naive Bayes
    says of it, where both groups are equally common.
    """

    factor: Tensor

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.register_buffer("factor", torch.zeros(vocabulary))

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.factor  # (B, vocabulary)

    @torch.no_grad()
    def learn(self, weight: Tensor, label: Tensor) -> None:
        """Take the ratios from training weights, (rows, words), and labels, 0 or 1."""
        share = _shares(weight, label)
        chance = (share / share.sum(dim=1, keepdim=True)).log()
        self.factor.copy_(torch.where(share[0] > 0, chance[1] - chance[0], 0))

    @torch.no_grad()
    def apart(self, weight: Tensor, label: Tensor) -> Tensor:
        """Return training weights as they would lean had each text not been counted.

        A text's own words lean its way because it was counted: a network that saw that
        would trust them more than those of a text that is new.
        """
        share, held = _shares(weight, label), weight.double()
        total, other = share.sum(dim=1), share[1 - label]
        own = (share[label] - held).clamp(min=SMOOTHING)
        rest = total[label] - held.sum(dim=1)
        own, other = own / rest[:, None], other / total[1 - label][:, None]
        side = (2 * label - 1)[:, None]  # of the text's own group: -1 or 1
        ratio = torch.where(held > 0, (own / other).log(), 0)
        return (held * side * ratio).to(weight.dtype)


def _shares(weight: Tensor, label: Tensor) -> Tensor:
    """Return the smoothed sum of each word's weight in each group, (2, vocabulary)."""
    total = one_hot(label, 2).double().T @ weight.double()
    known = total.sum(dim=0) > 0  # other places of the vocabulary are no words
    return torch.where(known, total + SMOOTHING, 0)


class Projection(nn.Module):
    """Weights of words to topics: the first right singular vectors of the texts."""

    component: Tensor
    strength: Tensor

    def __init__(self, vocabulary: int, topics: int) -> None:
        super().__init__()
        self.register_buffer("component", torch.zeros(topics, vocabulary))
        self.register_buffer("strength", torch.zeros(topics))  # the singular values

    def forward(self, weight: Tensor) -> Tensor:
        return weight @ self.component.T  # (B, vocabulary) -> (B, topics)

    @torch.no_grad()
    def learn(self, weight: Tensor) -> None:
        """Take the singular vectors of training weights, (rows, vocabulary).

        They come from the products of the rows with each other, which are far fewer
        than the words. A singular vector has no sign: its largest entry is positive.
        """
        held = weight.double()
        square, left = torch.linalg.eigh(held @ held.T)
        strength = square.flip(0).clamp(min=0).sqrt()
        count = min(len(self.component), int((strength > 1e-6 * strength[0]).sum()))
        found = left.flip(1)[:, :count].T @ held / strength[:count, None]
        largest = found.gather(1, found.abs().argmax(dim=1, keepdim=True))
        self.component.zero_()
        self.component[:count] = (found * largest.sign()).float()
        self.strength.zero_()
        self.strength[:count] = strength[:count].float()


class LSA(nn.Module):
    """Words that count, the topics they speak of, and what the topics decide."""

    def __init__(
        self, *, vocabulary: int, topics: int, hidden: int, dropout: float, classes: int
    ) -> None:
        super().__init__()
        self.weigh = TfIdf(vocabulary)
        self.lean = Leaning(vocabulary)
        self.project = Projection(vocabulary, topics)
        self.decide = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(topics + 1, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )
        # Before anything is learned, random leanings and a random projection.
        nn.init.normal_(self.lean.factor)
        nn.init.normal_(self.project.component, std=vocabulary**-0.5)

    def forward(self, token: Tensor) -> Tensor:
        leaning = self.lean(self.weigh(token))  # (B, length) -> (B, vocabulary)
        logits: Tensor = self.decide(self.describe(leaning))  # -> (B, classes)
        return logits

    def describe(self, leaning: Tensor) -> Tensor:
        """Return topics of length one and the words' verdict, (B, topics + 1)."""
        topic = normalize(self.project(leaning))
        return torch.cat([topic, leaning.sum(dim=1, keepdim=True)], dim=1)

    def learn(self, token: Tensor, label: Tensor) -> Tensor:
        """Learn all but the network from training texts, (rows, length), and labels.

        Returns what the network is to be taught with: each text as it would be
        described had it not been counted itself.
        """
        self.weigh.learn(token)
        weight = self.weigh(token)
        self.lean.learn(weight, label)
        self.project.learn(self.lean(weight))
        return self.describe(self.lean.apart(weight, label))


def lsa_mlp(
    *,
    vocabulary: int,
    topics: int = 50,
    hidden: int = 16,
    dropout: float = 0.3,
    classes: int = 2,
) -> LSA:
    """LSA with this many topics, and one hidden layer on them."""
    return LSA(
        vocabulary=vocabulary,
        topics=topics,
        hidden=hidden,
        dropout=dropout,
        classes=classes,
    )
