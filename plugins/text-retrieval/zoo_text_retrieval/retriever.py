"""TF-IDF vectors, by which the documents nearest to a text are found.

Salton, Wong, Yang: "A vector space model for automatic indexing", 1975: a document is a
vector with a weight for each word, and documents on one subject point the same way.
Sparck Jones: "A statistical interpretation of term specificity and its application in
retrieval", 1972: a word counts the more, the fewer documents it is in. The weights are
fitted in closed form.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

__all__ = ["TfidfRetriever", "tfidf_retriever"]

NUM_SPECIAL_TOKENS = 2  # ids 0 and 1 are no words: padding and unknown words


class TfidfRetriever(nn.Module):
    """Token ids to vectors of length one: their product is the cosine similarity.

    >>> model = TfidfRetriever(vocab_size=100)
    >>> vector = model(torch.tensor([[2, 5, 5, 0], [5, 2, 0, 0]]))
    >>> vector.shape, bool(vector[0] @ vector[1] > 0.9)
    (torch.Size([2, 100]), True)
    """

    def __init__(self, *, vocab_size: int) -> None:
        super().__init__()
        self.idf = nn.Parameter(torch.ones(vocab_size))
        with torch.no_grad():
            self.idf[:NUM_SPECIAL_TOKENS] = 0

    def forward(self, token: Tensor) -> Tensor:
        """Return the vectors of texts, (B, length) -> (B, vocab_size).

        A text without a known word has zeros.
        """
        count = self.count(token)
        # tf = 1 + log(count) of a word that occurs; x = tf * idf / |tf * idf|
        tf = torch.where(count > 0, 1 + count.clamp(min=1).log(), 0)
        return normalize(tf * self.idf)

    def encode(self, token: Tensor) -> Tensor:
        """Return the vectors of texts: for `zoo.encode`."""
        vector: Tensor = self(token)
        return vector

    def count(self, token: Tensor) -> Tensor:
        """Return how often each token of the vocabulary is in each text."""
        counts = self.idf.new_zeros(len(token), len(self.idf))
        return counts.scatter_add(1, token.long(), counts.new_ones(token.shape))

    @torch.no_grad()
    def fit(self, token: Tensor) -> None:
        """Set the weight of each word from training texts, (rows, length).

        A word that is in none of them has weight zero.
        """
        document_frequency = (self.count(token) > 0).sum(dim=0).double()
        # idf = 1 + log((1 + n) / (1 + df)): as if one more document had every word
        idf = 1 + torch.log((1 + len(token)) / (1 + document_frequency))
        self.idf.copy_(idf.masked_fill(document_frequency == 0, 0))
        self.idf[:NUM_SPECIAL_TOKENS] = 0


def tfidf_retriever(*, vocab_size: int) -> TfidfRetriever:
    """TF-IDF vectors for a vocabulary of this size."""
    return TfidfRetriever(vocab_size=vocab_size)
