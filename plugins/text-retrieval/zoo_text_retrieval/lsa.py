"""Latent semantic analysis and a small network on it, all of it in this file.

Deerwester, Dumais, Furnas, Landauer, Harshman: "Indexing by latent semantic analysis",
1990. Words are counted and weighed (TF-IDF: Salton, Buckley, 1988), the weights
projected on the directions in which training texts differ most, and an MLP decides.
What is counted and projected is learned without gradients, exactly, and kept in
buffers. One liberty: a text's topics are brought to length one before the network, as
retrieval by cosine does, so that long texts do not count more than short ones.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

__all__ = ["LSA", "Projection", "TfIdf", "lsa_mlp"]

SPECIAL = 2  # tokens 0 and 1 are no words: padding, and all unknown words


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
        """Take how many of the training texts, (rows, length), each word is in."""
        within = (self.count(token) > 0).sum(dim=0).double()
        self.idf.copy_(torch.log((1 + len(token)) / (1 + within)) + 1)
        self.idf[:SPECIAL] = 0


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

        A singular vector has no sign: the largest entry of each is made positive.
        """
        _, strength, found = torch.linalg.svd(weight.double(), full_matrices=False)
        count = min(len(self.component), len(found))
        largest = found.gather(1, found.abs().argmax(dim=1, keepdim=True))
        self.component.zero_()
        self.component[:count] = (found * largest.sign())[:count].float()
        self.strength[:count] = strength[:count].float()


class LSA(nn.Module):
    """Words that count, the topics they speak of, and what the topics decide."""

    def __init__(self, *, vocabulary: int, topics: int, hidden: int, classes: int):
        super().__init__()
        self.weigh = TfIdf(vocabulary)
        self.project = Projection(vocabulary, topics)
        self.decide = nn.Sequential(
            nn.Linear(topics, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )
        # Before anything is learned, a random projection.
        nn.init.normal_(self.project.component, std=vocabulary**-0.5)

    def forward(self, token: Tensor) -> Tensor:
        topic = self.project(self.weigh(token))  # (B, length) -> (B, topics)
        logits: Tensor = self.decide(normalize(topic))  # -> (B, classes)
        return logits


def lsa_mlp(
    *, vocabulary: int, topics: int = 50, hidden: int = 16, classes: int = 2
) -> LSA:
    """LSA with this many topics, and one hidden layer on them."""
    return LSA(vocabulary=vocabulary, topics=topics, hidden=hidden, classes=classes)
