"""Word vectors by the continuous bag of words.

Mikolov, Chen, Corrado, Dean: "Efficient estimation of word representations in vector
space", 2013, section 3.1. A word is told from the words around it, whose order does not
matter: with the input vectors v and the output vectors v', of the 2m words around w_t

    h = (v_(t-m) + ... + v_(t-1) + v_(t+1) + ... + v_(t+m)) / 2m
    score of w_t = v'_(w_t) . h

The model is the matrix of input vectors, as in `skipgram`: its forward is h, the mean
of the vectors of the words of a text. The output vectors exist in the recipe alone.
"""

from zoo_word_embedding.skipgram import SkipGram

__all__ = ["CBOW", "cbow"]


class CBOW(SkipGram):
    """A vector for each word, and for a text the mean of those of its known words.

    >>> import torch
    >>> model = CBOW(vocab_size=50, embed_dim=8)
    >>> model(torch.tensor([[3, 4, 0], [9, 7, 5]])).shape
    torch.Size([2, 8])
    """


def cbow(*, vocab_size: int, embed_dim: int = 100) -> CBOW:
    """Word vectors of `embed_dim` numbers, for a vocabulary of this size."""
    return CBOW(vocab_size=vocab_size, embed_dim=embed_dim)
