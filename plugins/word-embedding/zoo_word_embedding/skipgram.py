"""Word vectors by skip-gram with negative sampling, all of the model in this file.

Mikolov, Chen, Corrado, Dean: "Efficient estimation of word representations in vector
space", 2013; Mikolov, Sutskever, Chen, Corrado, Dean: "Distributed representations of
words and phrases and their compositionality", 2013. The model is the matrix of input
vectors; the matrix of output vectors exists in the recipe alone, as most published
vectors are without it. The vector of a text is the mean of its words' vectors.
"""

import torch
from torch import Tensor, nn

__all__ = ["SkipGram", "skipgram"]

NUM_SPECIAL_TOKENS = 2  # ids 0 and 1 are no words: padding and unknown words


class SkipGram(nn.Module):
    """A vector for each word, and for a text the mean of those of its known words."""

    def __init__(self, *, vocab_size: int, embed_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        nn.init.uniform_(self.embedding.weight, -0.5 / embed_dim, 0.5 / embed_dim)
        with torch.no_grad():
            self.embedding.weight[:NUM_SPECIAL_TOKENS] = 0

    def forward(self, token: Tensor) -> Tensor:
        is_word = (token >= NUM_SPECIAL_TOKENS).unsqueeze(2)  # (B, length, 1)
        total = (self.embedding(token) * is_word).sum(dim=1)  # -> (B, embed_dim)
        mean: Tensor = total / is_word.sum(dim=1).clamp(min=1)
        return mean

    def encode(self, token: Tensor) -> Tensor:
        """Return the vectors of texts: for `zoo.encode`."""
        mean: Tensor = self(token)
        return mean

    def embedding_matrix(self) -> Tensor:
        """Return the vector of each token, zeros for padding: for
        `zoo.nearest_words`."""
        return self.embedding.weight.detach()


def skipgram(*, vocab_size: int, embed_dim: int = 100) -> SkipGram:
    """Word vectors of `embed_dim` numbers, for a vocabulary of this size."""
    return SkipGram(vocab_size=vocab_size, embed_dim=embed_dim)
