"""Word vectors by skip-gram with negative sampling, all of the model in this file.

Mikolov, Chen, Corrado, Dean: "Efficient estimation of word representations in vector
space", 2013; Mikolov, Sutskever, Chen, Corrado, Dean: "Distributed representations of
words and phrases and their compositionality", 2013. What is kept is the matrix of
words; the matrix of contexts, which the words are told from, lives in the recipe alone,
as with most published vectors. The vector of a text is the mean of its words'.
"""

import torch
from torch import Tensor, nn

__all__ = ["SkipGram", "skipgram"]

SPECIAL = 2  # tokens 0 and 1 are no words: padding, and all unknown words


class SkipGram(nn.Module):
    """A vector for each word, and for a text the mean of those of its known words."""

    def __init__(self, *, vocabulary: int, width: int) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, width)
        nn.init.uniform_(self.word.weight, -0.5 / width, 0.5 / width)
        with torch.no_grad():
            self.word.weight[:SPECIAL] = 0

    def forward(self, token: Tensor) -> Tensor:
        known = (token >= SPECIAL).unsqueeze(2)  # (B, length, 1)
        total = (self.word(token) * known).sum(dim=1)  # (B, length) -> (B, width)
        mean: Tensor = total / known.sum(dim=1).clamp(min=1)
        return mean

    def encode(self, token: Tensor) -> Tensor:
        """Return the vectors of texts: for `zoo.encode`."""
        mean: Tensor = self(token)
        return mean

    def table(self) -> Tensor:
        """Return the vector of each token, zeros for padding: for
        `zoo.nearest_words`."""
        return self.word.weight.detach()


def skipgram(*, vocabulary: int, width: int = 100) -> SkipGram:
    """Word vectors of `width` numbers, for a vocabulary of this size."""
    return SkipGram(vocabulary=vocabulary, width=width)
